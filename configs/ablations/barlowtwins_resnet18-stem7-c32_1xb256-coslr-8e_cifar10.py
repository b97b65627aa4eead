"""The parent of the reduced ablations on CIFAR-10: half of the channels, every fifth image.

    python tools/train.py configs/ablations/barlowtwins_resnet18-stem7-c32_1xb256-coslr-8e_cifar10.py

Eleven minutes on one core of a busy machine. Views: crop, flip, colour jitter, grayscale, and solarize on
the second one. What is studied on it: docs/ablations.md.
"""

_base_ = '../barlowtwins/barlowtwins_resnet18-stem7_1xb256-coslr-8e_cifar10.py'

model = dict(
    backbone=dict(base_channels=32, stem_channels=32),
    neck=dict(in_channels=256, hid_channels=1024, out_channels=1024),
    head=dict(in_channels=1024),
)
train_dataloader = dict(dataset=dict(indices=list(range(0, 50000, 5))))
train_cfg = dict(val_interval=100)  # its benchmarks judge it
default_hooks = dict(checkpoint=dict(interval=-1, save_last=False))

custom_hooks = [
    dict(type='mmbarlow.FiniteLossHook'),
    dict(
        type='mmbarlow.ExportHook',
        dataset='cifar10',
        scale='8 epochs of every fifth image, half of the channels, and the ImageNet stem on 32 px',
    ),
]
