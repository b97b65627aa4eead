"""Mixed Barlow Twins on CIFAR-10 on the terms of Barlow Twins' config: 200 epochs, one GPU.

    python tools/train.py configs/mixed_barlowtwins/mixed-barlowtwins_resnet18_1xb128-coslr-200e_cifar10.py

The regularizer weighs what it does in the released recipe for CIFAR-10 (4 lambda). Not run here yet.
Expected: above the parent, as in the paper at 2000 epochs; nothing is published for 200.
"""

_base_ = '../barlowtwins/barlowtwins_resnet18_1xb128-coslr-200e_cifar10.py'
model = dict(type='mmbarlow.MixedBarlowTwins', scale=4.0)
