# lightly's benchmark on CIFAR-10: SGD, 0.06 x batch / 128, for all parameters alike, no warm-up,
# cosine to 0 over 200 epochs (there once an epoch, here every step).
optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='SGD', lr=0.06, momentum=0.9, weight_decay=5e-4)
)
param_scheduler = dict(type='CosineAnnealingLR', eta_min=0, convert_to_iter_based=True)
train_cfg = dict(by_epoch=True, max_epochs=200, val_interval=10)
