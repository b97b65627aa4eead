"""Supervised training on digits, on the terms of Barlow Twins' config: minutes on two CPU cores.

    OMP_NUM_THREADS=1 python tools/train.py configs/baselines/supervised_resnet18_1xb128-coslr-30e_digits.py

Measured over 3 seeds (2026-11-26): kNN with 5 labels per class 99.1 +- 0.1 %, k=10 99.0, linear 99.0.
"""

_base_ = [
    '../_base_/models/supervised_small.py',
    '../_base_/datasets/digits.py',
    '../_base_/schedules/adamw_30e.py',
    '../_base_/digits_runtime.py',
]

model = dict(
    backbone=dict(type='mmpretrain.ResNet', base_channels=32, stem_channels=32),
)
# One view with its label, cropped as in the linear benchmark: to less than half, as the views are,
# could make one digit of another.
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='mmbarlow.LoadRGB'),
            dict(type='mmpretrain.torchvision/RandomResizedCrop', size=32, scale=(0.5, 1.0)),
            dict(type='mmpretrain.PackInputs'),
        ]
    )
)
