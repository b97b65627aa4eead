"""Four views, for as long as barlowtwins_resnet18-stem7_1xb256-coslr-6e_cifar10.py takes.

    OMP_NUM_THREADS=1 python tools/train.py configs/barlowtwins/barlowtwins-4views_resnet18-stem7_1xb256-coslr-3e_cifar10.py --amp

A quarter of an hour on a CPU core (estimated). A step shows the network twice as many views, so that
half of the epochs show it as many. Not run yet.
"""

_base_ = 'barlowtwins_resnet18-stem7_1xb256-coslr-6e_cifar10.py'
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
train_cfg = dict(max_epochs=3)
default_hooks = dict(export=dict(scale='3 epochs of four views, and the ImageNet stem on 32 px'))
