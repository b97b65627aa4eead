"""Ablation: the redundancy-reduction term alone.

    tools/dist_train.sh configs/ablations/barlowtwins-redundancy-only_resnet50_8xb256-coslr-300e_in1k.py 8 --amp

Data, hardware and hours as for the parent. Not run here yet.
Expected: linear 0.1 / 0.5, chance (paper, table 5, redundancy term only).
The parent: 71.4 / 90.2.
"""

_base_ = '../barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'

model = dict(head=dict(type='mmbarlow.RedundancyHead'))
