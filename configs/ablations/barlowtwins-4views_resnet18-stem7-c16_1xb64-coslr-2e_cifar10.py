"""Four views of half a batch: as many steps, and as many views in each, as two views of a batch.

    OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins-4views_resnet18-stem7-c16_1xb64-coslr-2e_cifar10.py

Its peer of two views is barlowtwins_resnet18-stem7-c16_1xb128-coslr-4e_cifar10.py, with its learning
rate. Numbers: docs/ablations.md.
"""

_base_ = 'barlowtwins-4views_resnet18-stem7-c16_1xb128-coslr-2e_cifar10.py'
train_dataloader = dict(batch_size=64)
default_hooks = dict(
    export=dict(
        scale='2 epochs of four views of half a batch of every second image, a quarter of the channels, and '
        'the ImageNet stem on 32 px'
    )
)
