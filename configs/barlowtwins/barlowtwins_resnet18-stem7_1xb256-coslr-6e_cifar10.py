"""ResNet-18 on CIFAR-10 for as long as barlowtwins_vit-192x6-p8_1xb256-coslr-5e_cifar10.py takes.

    OMP_NUM_THREADS=1 python tools/train.py configs/barlowtwins/barlowtwins_resnet18-stem7_1xb256-coslr-6e_cifar10.py --amp

14 minutes on a CPU core. Measured over 3 seeds (2026-11-27): kNN k=200 43.3 +- 0.1 %, linear 50.9 +-
0.4; untrained 35.7 and 42.4. 8 epochs of 2048-dimensional embeddings end at 47.0 and 53.6
(barlowtwins_resnet18-stem7_1xb256-coslr-8e_cifar10.py).
"""

_base_ = '../ablations/barlowtwins_resnet18-stem7-c32_1xb256-coslr-6e_cifar10.py'
model = dict(
    backbone=dict(base_channels=64, stem_channels=64),
    neck=dict(in_channels=512),
)
default_hooks = dict(export=dict(scale='6 epochs, and the ImageNet stem on 32 px'))
