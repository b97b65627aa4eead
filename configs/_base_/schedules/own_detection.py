# As coco_1x.py, with a length by the number of images: what is None is filled in before the training
# (mmbarlow/detection/own_schedule.py). The rate is that of 16 images a step, and scaled to others.
train_cfg = dict(type='IterBasedTrainLoop', max_iters=None, val_interval=None)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.02, momentum=0.9, weight_decay=1e-4),
    paramwise_cfg=dict(norm_decay_mult=0.0),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, end=None),
    dict(type='MultiStepLR', by_epoch=False, milestones=None, gamma=0.1),
]
