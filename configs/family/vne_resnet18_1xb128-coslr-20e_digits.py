"""I-VNE+ on digits. Measured: docs/family.md.

OMP_NUM_THREADS=1 python tools/train.py configs/family/vne_resnet18_1xb128-coslr-20e_digits.py
"""

_base_ = '../ablations/barlowtwins_resnet18_1xb128-coslr-20e_digits.py'
model = dict(
    neck=dict(out_channels=256),
    head=dict(
        _delete_=True,
        type='mmbarlow.CriterionHead',
        in_channels=256,
        criterion=dict(type='mmbarlow.VNELoss'),
    ),
)
