"""The parent of the study of several views on CIFAR-10: two views of every second image, 4 epochs.

    OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins_resnet18-stem7-c16_1xb128-coslr-4e_cifar10.py

Half of the images, so that a quarter of the epochs is still one. What is studied on it, and its numbers:
docs/ablations.md.
"""

_base_ = 'barlowtwins_resnet18-stem7-c16_1xb128-coslr-1e_cifar10.py'
train_dataloader = dict(dataset=dict(indices=list(range(0, 50000, 2))))
train_cfg = dict(max_epochs=4, val_begin=100)
default_hooks = dict(
    export=dict(
        scale='4 epochs of every second image, a quarter of the channels, and the ImageNet stem on 32 px'
    )
)
