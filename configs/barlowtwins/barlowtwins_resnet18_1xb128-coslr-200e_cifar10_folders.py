"""The CIFAR-10 recipe on class folders, data/cifar10/{train,test}/<class>/*.jpg, one GPU.

    python tools/train.py configs/barlowtwins/barlowtwins_resnet18_1xb128-coslr-200e_cifar10_folders.py

Not run here yet. Expected: as barlowtwins_resnet18_1xb128-coslr-200e_cifar10.py, 84.2 % by kNN.
"""

_base_ = [
    '../_base_/models/barlowtwins_resnet18_small.py',
    '../_base_/datasets/cifar10_folders.py',
    '../_base_/schedules/sgd_200e.py',
    '../_base_/pretrain_runtime.py',
]
