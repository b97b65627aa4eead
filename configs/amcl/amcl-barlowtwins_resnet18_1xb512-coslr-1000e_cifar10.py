"""Adaptive multi-head Barlow Twins (AMCL) on CIFAR-10, ResNet-18 with the 3x3 stem, one GPU.

    python tools/train.py configs/amcl/amcl-barlowtwins_resnet18_1xb512-coslr-1000e_cifar10.py --amp

Downloads CIFAR-10 to data/cifar10 if it is not there. Recipe of the authors' code, see
docs/variants.md for what of it could not be verified. Not run here yet.
Expected: the tables of the paper could not be read. With one head and no temperature, the code it
builds on (MIFA-Lab/contrastive2021) has kNN (k=200, T=0.1) 86.91 +- 0.09 % after 800 epochs,
there with blur (views 'abcde'; 'abcd' 85.38).
"""

_base_ = [
    '../_base_/models/amcl-barlowtwins_resnet18_small.py',
    '../_base_/datasets/cifar10.py',
    '../_base_/schedules/amcl_sgd_1000e.py',
    '../_base_/pretrain_runtime.py',
]

train_dataloader = dict(batch_size=512, dataset=dict(pipeline=_base_.whole_images))
custom_hooks = [dict(type='mmbarlow.TemperatureHook')]
