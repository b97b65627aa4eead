# The paper's schedule for VOC (section C.2): 24,000 iterations of 16 images, rate 0.1, divided by ten
# after 18,000 and 22,000, reached from a third of it in 1,000. detectron2's defaults: momentum 0.9,
# weight decay 1e-4 but for norm layers.
train_cfg = dict(type='IterBasedTrainLoop', max_iters=24000, val_interval=6000)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=1e-4),
    paramwise_cfg=dict(norm_decay_mult=0.0),
)
param_scheduler = [
    # MMEngine takes `end` - 1 steps to the whole rate
    dict(type='LinearLR', start_factor=0.333, by_epoch=False, end=1001),
    dict(type='MultiStepLR', by_epoch=False, milestones=[18000, 22000], gamma=0.1),
]
