# The released code of Mixed Barlow Twins on small data: Adam, 0.01 x batch / 256 for all parameters
# alike, 10 epochs of warm-up, cosine to 0.001 of the rate. There epochs count from 1, so that its rate
# is always one epoch ahead of this one: it starts at a tenth of the peak instead of 0.
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=0.01, weight_decay=1e-6))
param_scheduler = dict(
    type='mmbarlow.WarmupCosineLR', warmup=10, eta_min_ratio=0.001, convert_to_iter_based=True
)
train_cfg = dict(by_epoch=True, max_epochs=2000, val_interval=50)
