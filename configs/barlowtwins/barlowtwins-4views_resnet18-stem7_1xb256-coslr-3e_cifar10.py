"""Four views, for as long as barlowtwins_resnet18-stem7_1xb256-coslr-6e_cifar10.py takes.

    OMP_NUM_THREADS=1 python tools/train.py configs/barlowtwins/barlowtwins-4views_resnet18-stem7_1xb256-coslr-3e_cifar10.py --amp

A quarter of an hour on a CPU core (estimated). A step shows the network twice as many views, so that
half of the epochs show it as many. Not run yet.
"""

_base_ = 'barlowtwins_resnet18-stem7_1xb256-coslr-6e_cifar10.py'
pack = dict(type='mmpretrain.PackInputs', meta_keys=('skipped',))
views = dict(type='mmbarlow.MultiViews', size=32, global_views=[dict(), dict(solarize=0.2)] * 2)
preprocessor = _base_.model.data_preprocessor
model = dict(
    data_preprocessor=dict(
        _delete_=True,  # the views come from the workers
        type='mmpretrain.SelfSupDataPreprocessor',
        mean=preprocessor.mean,
        std=preprocessor.std,
        non_blocking=True,
    )
)
train_dataloader = dict(dataset=dict(pipeline=[views, pack]))
del pack, views, preprocessor
train_cfg = dict(max_epochs=3)
default_hooks = dict(export=dict(scale='3 epochs of four views, and the ImageNet stem on 32 px'))
