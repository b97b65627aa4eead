"""The CIFAR-100 recipe on class folders, data/cifar100/{train,test}/<class>/*.jpg, one GPU.

    python tools/train.py configs/barlowtwins/barlowtwins_resnet18_1xb128-coslr-200e_cifar100_folders.py

Not run here yet; barlowtwins_resnet18_1xb128-coslr-200e_cifar100.py says what is published.
"""

_base_ = [
    '../_base_/models/barlowtwins_resnet18_small.py',
    '../_base_/datasets/cifar100_folders.py',
    '../_base_/schedules/sgd_200e.py',
    '../_base_/pretrain_runtime.py',
]
