"""The parent of the quick ablations on CIFAR-10: a quarter of the channels, one epoch.

    OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins_resnet18-stem7-c16_1xb128-coslr-1e_cifar10.py

Two minutes of one CPU core. What is studied on it: docs/ablations.md. Its numbers: the rows of the
recipe in docs/ablations_results.md.
"""

_base_ = 'barlowtwins_resnet18-stem7-c32_1xb128-coslr-1e_cifar10.py'
# A step takes a third of the time that it takes with half of the channels.
model = dict(backbone=dict(base_channels=16, stem_channels=16))
default_hooks = dict(
    export=dict(scale='1 epoch, a quarter of the channels, and the ImageNet stem on 32 px')
)
