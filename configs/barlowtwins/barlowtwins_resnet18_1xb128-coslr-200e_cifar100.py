"""Barlow Twins on CIFAR-100, with lightly's recipe for CIFAR-10, one GPU.

    python tools/train.py configs/barlowtwins/barlowtwins_resnet18_1xb128-coslr-200e_cifar100.py

Downloads CIFAR-100 to data/cifar100 if it is not there. Not run here yet. No
number is published for this recipe; solo-learn's, with LARS and 1000 epochs, ends at 70.90 / 91.91 (a
linear classifier trained along with the network; its README).
"""

_base_ = [
    '../_base_/models/barlowtwins_resnet18_small.py',
    '../_base_/datasets/cifar100.py',
    '../_base_/schedules/sgd_200e.py',
    '../_base_/pretrain_runtime.py',
]
