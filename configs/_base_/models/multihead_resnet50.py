# Six linear classifiers on a frozen network: its stem, its stages, its average. As
# linear_resnet50.py, tools/benchmark.py puts the evaluated ResNet in.
_base_ = 'linear_resnet50.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='mmbarlow.StemResNet',
        backbone=dict(type='mmpretrain.ResNet', depth=50, frozen_stages=4),
    ),
    neck=dict(type='mmbarlow.MultiPooling'),
    head=dict(
        _delete_=True,
        type='mmbarlow.MultiLinearHead',
        num_classes=1000,
        in_shapes=[
            (64, 12, 12),
            (256, 6, 6),
            (512, 4, 4),
            (1024, 3, 3),
            (2048, 2, 2),
            (2048, 1, 1),
        ],
    ),
)
