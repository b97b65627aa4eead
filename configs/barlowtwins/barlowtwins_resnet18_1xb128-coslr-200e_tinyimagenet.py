"""Barlow Twins on Tiny ImageNet, 100,000 images of 64 px, with lightly's recipe for CIFAR-10.

    python tools/train.py configs/barlowtwins/barlowtwins_resnet18_1xb128-coslr-200e_tinyimagenet.py

Needs data/tiny-imagenet-200 as unpacked from its zip, and one GPU; with the 3x3 stem an image costs
4 times as much as one of CIFAR-10. Not run here yet. No number is published for this recipe;
Mixed Barlow Twins, with other views and a projector of 1024, ends at 38.11 % by kNN (its README).
"""

_base_ = [
    '../_base_/models/barlowtwins_resnet18_small.py',
    '../_base_/datasets/tinyimagenet.py',
    '../_base_/schedules/sgd_200e.py',
    '../_base_/pretrain_runtime.py',
]
