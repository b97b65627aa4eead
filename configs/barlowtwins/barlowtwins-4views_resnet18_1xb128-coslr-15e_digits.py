"""Four views of each digit, for as long as barlowtwins_resnet18_1xb128-coslr-30e_digits.py takes.

    OMP_NUM_THREADS=1 python tools/train.py configs/barlowtwins/barlowtwins-4views_resnet18_1xb128-coslr-15e_digits.py

A step shows the network twice as many views, so that half of the epochs show it as many. Not run yet.
"""

_base_ = 'barlowtwins_resnet18_1xb128-coslr-30e_digits.py'
twins, pack = _base_.train_dataloader.dataset.pipeline
views = dict(type='mmbarlow.MultiViews', size=32, global_views=[twins.view_a] * 4)
train_dataloader = dict(dataset=dict(pipeline=[views, pack]))
del twins, pack, views
param_scheduler = dict(warmup=2)
train_cfg = dict(max_epochs=15, val_interval=5)
