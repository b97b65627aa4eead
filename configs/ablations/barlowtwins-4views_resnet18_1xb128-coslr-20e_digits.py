"""Four views of each digit for half of the epochs: the network sees as many images.

    OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins-4views_resnet18_1xb128-coslr-20e_digits.py

Its peer of two views is barlowtwins_resnet18_1xb128-coslr-40e_digits.py. Numbers: docs/ablations.md.
"""

_base_ = 'barlowtwins_resnet18_1xb128-coslr-40e_digits.py'
twins = _base_.model.data_preprocessor
model = dict(
    data_preprocessor=dict(
        _delete_=True,
        type='mmbarlow.BatchMultiViews',
        size=32,
        global_views=[twins.view_a] * 4,
        mean=twins.mean,
        std=twins.std,
        non_blocking=True,
    )
)
del twins
param_scheduler = dict(warmup=2)
train_cfg = dict(max_epochs=20, val_interval=20)
default_hooks = dict(export=dict(scale='20 epochs of four views'))
