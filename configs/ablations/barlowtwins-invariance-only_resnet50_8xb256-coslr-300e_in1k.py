"""Ablation: the invariance term alone.

    tools/dist_train.sh configs/ablations/barlowtwins-invariance-only_resnet50_8xb256-coslr-300e_in1k.py 8 --amp

Data, hardware and hours as for the parent. Not run here yet.
Expected: linear 57.3 / 80.5 (paper, table 5, invariance term only).
The parent: 71.4 / 90.2.
"""

_base_ = '../barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'

model = dict(head=dict(lambd=0.0))
