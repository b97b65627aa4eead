"""MoCo v2 on CIFAR-10, on the terms of Barlow Twins' config, one GPU.

    python tools/train.py configs/baselines/mocov2_resnet18_1xb128-coslr-200e_cifar10.py

Not run here yet. Expected: no number is verified (docs/baselines.md).
"""

_base_ = [
    '../_base_/models/mocov2_small.py',
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
)
train_dataloader = dict(dataset=dict(pipeline=_base_.whole_images))
# BN of each process by itself: over all processes it would undo the shuffling of the keys' batch.
sync_bn = None
