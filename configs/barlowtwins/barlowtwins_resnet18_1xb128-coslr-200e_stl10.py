"""Barlow Twins on STL-10, 105,000 images of 96 px, with lightly's recipe for CIFAR-10, one GPU.

    python tools/train.py configs/barlowtwins/barlowtwins_resnet18_1xb128-coslr-200e_stl10.py

Downloads STL-10 to data/stl10 if it is not there; its images take 3 GB of memory, 6 GB while they
are read. With the 3x3 stem an image costs 9 times as much as one of CIFAR-10. Not run here yet. No
number is published for this recipe; Mixed Barlow Twins, with other views and a projector of 1024, ends
at 88.94 % by kNN (its README).
"""

_base_ = [
    '../_base_/models/barlowtwins_resnet18_small.py',
    '../_base_/datasets/stl10.py',
    '../_base_/schedules/sgd_200e.py',
    '../_base_/pretrain_runtime.py',
]
