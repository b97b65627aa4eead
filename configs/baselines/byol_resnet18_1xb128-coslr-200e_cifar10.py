"""BYOL on CIFAR-10, on the terms of Barlow Twins' config, one GPU.

    python tools/train.py configs/baselines/byol_resnet18_1xb128-coslr-200e_cifar10.py

Not run here yet. Expected: no number is verified (docs/baselines.md).
"""

_base_ = [
    '../_base_/models/byol_small.py',
    '../_base_/datasets/cifar10.py',
    '../_base_/schedules/sgd_200e.py',
    '../_base_/pretrain_runtime.py',
]

# As in Barlow Twins' config, workers load the images and the device makes the views.
model = dict(
    data_preprocessor=dict(
        type='mmbarlow.BatchTwinViews',
        size=32,
        view_a=dict(interpolation='bilinear'),
        view_b=dict(interpolation='bilinear', solarize=0.2),
    ),
    # The rate of SGD is for the mean of both views' cosines, and mmpretrain has four times that.
    head=dict(loss=dict(scale_factor=0.25)),
)
train_dataloader = dict(dataset=dict(pipeline=_base_.whole_images))
