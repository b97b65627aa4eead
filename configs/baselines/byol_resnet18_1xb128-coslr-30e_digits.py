"""BYOL on digits, on the terms of Barlow Twins' config: minutes on two CPU cores.

    OMP_NUM_THREADS=1 python tools/train.py configs/baselines/byol_resnet18_1xb128-coslr-30e_digits.py

Measured over 3 seeds (2026-11-26): kNN with 5 labels per class 87.6 +- 1.1 %, k=10 96.0, linear 97.1.
"""

_base_ = [
    '../_base_/models/byol_small.py',
    '../_base_/datasets/digits.py',
    '../_base_/schedules/adamw_30e.py',
    '../_base_/digits_runtime.py',
]

model = dict(
    backbone=dict(type='mmpretrain.ResNet', base_channels=32, stem_channels=32),
    base_momentum=0.1,
    neck=dict(in_channels=256, hid_channels=512),
    head=dict(predictor=dict(hid_channels=512)),
)
# As for SimSiam, the predictor must follow closely and weight decay bring the two into balance, and
# the target must move within 330 steps. kNN with 5 labels, one seed, --amp: 91.6 %. Weight decay 5e-4,
# the predictor 10 times as fast: 74.9 (rate 0.1, target 0.95), 73.2 (0.03, 0.95), 69.3 (0.03, 0.7).
# AdamW at 1e-3, target 0.95: 77.7, 79.4 and 71.3 with a predictor 10, 30 and 100 times as fast, 76.7
# with a batch of 64.
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='SGD', lr=0.05, momentum=0.9, weight_decay=4e-3),
    paramwise_cfg=dict(custom_keys=dict(predictor=dict(lr_mult=10))),
)
