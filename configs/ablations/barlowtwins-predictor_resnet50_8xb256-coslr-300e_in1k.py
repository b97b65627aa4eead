"""Ablation: a predictor on one branch.

    tools/dist_train.sh configs/ablations/barlowtwins-predictor_resnet50_8xb256-coslr-300e_in1k.py 8 --amp

Data, hardware and hours as for the parent. Not run here yet.
Expected: linear 70.2 / 89.0 (paper, table 6, case b).
The parent: 71.4 / 90.2.
"""

_base_ = '../barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'

model = dict(
    head=dict(type='mmbarlow.AsymmetricHead', stop_gradient=False, predictor=True),
)
