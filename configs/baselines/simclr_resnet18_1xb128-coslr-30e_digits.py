"""SimCLR on digits, on the terms of Barlow Twins' config: minutes on two CPU cores.

    OMP_NUM_THREADS=1 python tools/train.py configs/baselines/simclr_resnet18_1xb128-coslr-30e_digits.py

Measured over 3 seeds (2026-11-26): kNN with 5 labels per class 92.7 +- 1.1 %, k=10 97.2, linear 97.8.
"""

_base_ = [
    '../_base_/models/simclr_small.py',
    '../_base_/datasets/digits.py',
    '../_base_/schedules/adamw_30e.py',
    '../_base_/digits_runtime.py',
]

model = dict(
    backbone=dict(type='mmpretrain.ResNet', base_channels=32, stem_channels=32),
    neck=dict(in_channels=256),
)
