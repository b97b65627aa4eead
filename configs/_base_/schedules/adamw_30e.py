# AdamW for all parameters alike, 3 epochs of warm-up, cosine to 0.001 of the rate: a run of minutes.
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-3, weight_decay=1e-4))
param_scheduler = dict(type='mmbarlow.WarmupCosineLR', warmup=3, convert_to_iter_based=True)
train_cfg = dict(by_epoch=True, max_epochs=30, val_interval=10)
