# detectron2's 1x schedule for COCO: 90,000 iterations of 16 images, rate 0.02, divided by ten after
# 60,000 and 80,000, reached from a thousandth of it in 1,000; momentum 0.9, weight decay 1e-4 but for
# norm layers.
train_cfg = dict(type='IterBasedTrainLoop', max_iters=90000, val_interval=30000)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.02, momentum=0.9, weight_decay=1e-4),
    paramwise_cfg=dict(norm_decay_mult=0.0),
)
param_scheduler = [
    # MMEngine takes `end` - 1 steps to the whole rate
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, end=1001),
    dict(type='MultiStepLR', by_epoch=False, milestones=[60000, 80000], gamma=0.1),
]
