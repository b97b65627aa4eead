"""Adaptive multi-head Barlow Twins on CIFAR-10 on the terms of Barlow Twins' config: 200 epochs, one GPU.

    python tools/train.py configs/amcl/amcl-barlowtwins_resnet18_1xb128-coslr-200e_cifar10.py

Three projectors like the parent's one, with the release's bounds and beta, and the norm of the gradient
clipped at 1. Not run here yet. Expected: not known, see docs/variants.md.
"""

_base_ = '../barlowtwins/barlowtwins_resnet18_1xb128-coslr-200e_cifar10.py'
model = dict(
    neck=dict(type='mmbarlow.MultiHeadNeck', num_heads=3),
    head=dict(
        type='mmbarlow.AdaptiveMultiHead',
        num_heads=3,
        temperature=dict(type='mmbarlow.PairTemperature', batch_size=128),
    ),
)
optim_wrapper = dict(clip_grad=dict(max_norm=1.0))
custom_hooks = [dict(type='mmbarlow.TemperatureHook')]
