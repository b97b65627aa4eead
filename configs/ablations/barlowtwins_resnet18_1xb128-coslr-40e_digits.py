"""The parent of the study of several views on digits: two views of each, 40 epochs.

    OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins_resnet18_1xb128-coslr-40e_digits.py

The views are made of whole batches, in the process that trains, so that its time is that of all. What is
studied on it, and its numbers: docs/ablations.md.
"""

_base_ = 'barlowtwins_resnet18_1xb128-coslr-20e_digits.py'
view = _base_.train_dataloader.dataset.pipeline[0].view_a
model = dict(
    channels_last=True,
    data_preprocessor=dict(type='mmbarlow.BatchTwinViews', size=32, view_a=view, view_b=view),
)
whole_images = [
    dict(type='mmbarlow.CenterView', size=32),
    dict(type='mmpretrain.PackInputs', meta_keys=('sample_idx',)),
]
train_dataloader = dict(dataset=dict(pipeline=whole_images))
del view, whole_images
param_scheduler = dict(warmup=4)
train_cfg = dict(max_epochs=40, val_interval=40)
default_hooks = dict(export=dict(scale='40 epochs instead of 70'))
