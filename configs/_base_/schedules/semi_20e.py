# Fine-tuning as in section B.2 of the paper: 0.002 for the backbone and 0.5 for the classifier at a
# batch of 256, both times 0.2 after epochs 12 and 16; no weight decay, also for biases and BN.
optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=0.002, momentum=0.9, weight_decay=0.0),
    paramwise_cfg=dict(custom_keys={'head.': dict(lr_mult=250)}),
)
param_scheduler = dict(type='MultiStepLR', milestones=[12, 16], gamma=0.2)
train_cfg = dict(by_epoch=True, max_epochs=20)
