"""Four views of every second image for half of the epochs: the network sees as many images.

    OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins-4views_resnet18-stem7-c16_1xb128-coslr-2e_cifar10.py

Its peer of two views is barlowtwins_resnet18-stem7-c16_1xb128-coslr-4e_cifar10.py. Numbers:
docs/ablations.md.
"""

_base_ = 'barlowtwins_resnet18-stem7-c16_1xb128-coslr-4e_cifar10.py'
twins = _base_.model.data_preprocessor
model = dict(
    data_preprocessor=dict(
        _delete_=True,
        type='mmbarlow.BatchMultiViews',
        size=32,
        global_views=[twins.view_a, twins.view_b] * 2,
        mean=twins.mean,
        std=twins.std,
        non_blocking=True,
    )
)
del twins
train_cfg = dict(max_epochs=2)
default_hooks = dict(
    export=dict(
        scale='2 epochs of four views of every second image, a quarter of the channels, and the '
        'ImageNet stem on 32 px'
    )
)
