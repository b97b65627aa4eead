"""HSIC on digits. Measured: docs/family.md.

OMP_NUM_THREADS=1 python tools/train.py configs/family/hsic_resnet18_1xb128-coslr-20e_digits.py
"""

_base_ = '../ablations/barlowtwins_resnet18_1xb128-coslr-20e_digits.py'
model = dict(
    neck=dict(out_channels=128),
    head=dict(
        _delete_=True,
        type='mmbarlow.CriterionHead',
        in_channels=128,
        criterion=dict(type='mmbarlow.HSICLoss'),
    ),
)
