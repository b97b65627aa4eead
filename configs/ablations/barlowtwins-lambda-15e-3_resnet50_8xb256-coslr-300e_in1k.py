"""Ablation: lambda 0.015.

    tools/dist_train.sh configs/ablations/barlowtwins-lambda-15e-3_resnet50_8xb256-coslr-300e_in1k.py 8 --amp

Data, hardware and hours as for the parent. Not run here yet.
Expected: between 70.8 and 71.6 (axis of figure 5 of the paper; its points are not printed).
The parent: 71.4 / 90.2.
"""

_base_ = '../barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'

model = dict(head=dict(lambd=0.015))
