"""VICReg on digits. Measured: docs/family.md.

OMP_NUM_THREADS=1 python tools/train.py configs/family/vicreg_resnet18_1xb128-coslr-20e_digits.py
"""

_base_ = '../ablations/barlowtwins_resnet18_1xb128-coslr-20e_digits.py'
model = dict(
    head=dict(
        _delete_=True,
        type='mmbarlow.CriterionHead',
        in_channels=512,
        criterion=dict(type='mmbarlow.VICRegLoss'),
    ),
)
