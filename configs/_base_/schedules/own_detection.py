# As coco_1x.py, with a length by the number of images: what is None is filled in before the training
# (mmbarlow/detection/own_schedule.py). The rate is that of 16 images a step, and scaled to others.
_base_ = 'coco_1x.py'

train_cfg = dict(max_iters=None, val_interval=None)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, end=None),
    dict(type='MultiStepLR', by_epoch=False, milestones=None, gamma=0.1),
]
