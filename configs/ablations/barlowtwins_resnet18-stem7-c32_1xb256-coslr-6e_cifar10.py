"""The parent of the reduced ablations on CIFAR-10: half of the channels, 6 epochs.

    OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins_resnet18-stem7-c32_1xb256-coslr-6e_cifar10.py

A quarter of an hour, two at once on two CPU cores. The views are made of whole batches, in a fifth of
the time. What is studied on it: docs/ablations.md.
"""

_base_ = '../barlowtwins/barlowtwins_resnet18-stem7_1xb256-coslr-8e_cifar10.py'
model = dict(
    channels_last=True,
    data_preprocessor=dict(
        type='mmbarlow.BatchTwinViews', size=32, view_a=dict(), view_b=dict(solarize=0.2)
    ),
    backbone=dict(base_channels=32, stem_channels=32),
    neck=dict(hid_channels=1024, out_channels=1024),
    head=dict(in_channels=1024),
)
train_dataloader = dict(num_workers=1, dataset=dict(pipeline=_base_.whole_images))
train_cfg = dict(max_epochs=6, val_interval=100)  # measured by its benchmarks
default_hooks = dict(
    checkpoint=dict(interval=-1, minutes=0, save_last=False),
    export=dict(scale='6 epochs, half of the channels, and the ImageNet stem on 32 px'),
)
