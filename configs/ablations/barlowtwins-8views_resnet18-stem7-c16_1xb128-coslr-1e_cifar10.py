"""Eight views of every second image for a quarter of the epochs: the network sees as many images.

    OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins-8views_resnet18-stem7-c16_1xb128-coslr-1e_cifar10.py

Its peer of two views is barlowtwins_resnet18-stem7-c16_1xb128-coslr-4e_cifar10.py. Numbers:
docs/ablations.md.
"""

_base_ = 'barlowtwins-4views_resnet18-stem7-c16_1xb128-coslr-2e_cifar10.py'
model = dict(data_preprocessor=dict(global_views=_base_.model.data_preprocessor.global_views * 2))
train_cfg = dict(max_epochs=1)
default_hooks = dict(
    export=dict(
        scale='1 epoch of eight views of every second image, a quarter of the channels, and the '
        'ImageNet stem on 32 px'
    )
)
