"""Ablation: a projector of one layer.

    tools/dist_train.sh configs/ablations/barlowtwins-depth-1_resnet50_8xb256-coslr-300e_in1k.py 8 --amp

Data, hardware and hours as for the parent. Not run here yet.
Expected: more layers help, and no more than 3 are needed (paper, section 4; no numbers given).
The parent: 71.4 / 90.2.
"""

_base_ = '../barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'

model = dict(neck=dict(num_layers=1))
