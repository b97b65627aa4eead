"""The parent of the ablations of views on CIFAR-10: a quarter of the channels, three epochs.

    OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins_resnet18-stem7-c16_1xb128-coslr-3e_cifar10.py

Five minutes of one CPU core. What is studied on it: docs/ablations.md. Its numbers: the rows of the
recipe in docs/ablations_results.md.
"""

_base_ = 'barlowtwins_resnet18-stem7-c16_1xb128-coslr-1e_cifar10.py'
train_cfg = dict(max_epochs=3, val_begin=4)
default_hooks = dict(
    export=dict(scale='3 epochs, a quarter of the channels, and the ImageNet stem on 32 px')
)
