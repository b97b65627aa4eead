# AMCL's code for small images: SGD for all parameters alike, the norm of the gradient clipped, no
# warm-up, cosine to 0 over 1000 epochs (there once an epoch, here every step).
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.11, momentum=0.9, weight_decay=5e-4),
    clip_grad=dict(max_norm=1.0),
)
param_scheduler = dict(type='CosineAnnealingLR', eta_min=0, convert_to_iter_based=True)
train_cfg = dict(by_epoch=True, max_epochs=1000, val_interval=10)
