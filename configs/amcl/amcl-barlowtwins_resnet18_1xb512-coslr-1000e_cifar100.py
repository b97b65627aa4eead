"""Adaptive multi-head Barlow Twins (AMCL) on CIFAR-100, ResNet-18 with the 3x3 stem, one GPU.

    python tools/train.py configs/amcl/amcl-barlowtwins_resnet18_1xb512-coslr-1000e_cifar100.py --amp

Downloads CIFAR-100 to data/cifar100 if it is not there. The recipe of the config for
CIFAR-10, which says what is known of it; nothing of CIFAR-100. Not run here yet.
"""

_base_ = [
    '../_base_/models/amcl-barlowtwins_resnet18_small.py',
    '../_base_/datasets/cifar100.py',
    '../_base_/schedules/amcl_sgd_1000e.py',
    '../_base_/pretrain_runtime.py',
]

train_dataloader = dict(batch_size=512, dataset=dict(pipeline=_base_.whole_images))
custom_hooks = [dict(type='mmbarlow.TemperatureHook')]
