# labeled.py for images of 32 px. A child says where they come from, and of what size they are.
_base_ = 'labeled.py'

load, crop, flip, pack = _base_.train_dataloader.dataset.pipeline
view = dict(type='mmbarlow.CenterView', size=32)
train_dataloader = dict(
    num_workers=2, dataset=dict(pipeline=[load, dict(crop, size=32), flip, pack])
)
val_dataloader = dict(num_workers=2, dataset=dict(pipeline=[view, pack]))
del load, crop, flip, pack, view
