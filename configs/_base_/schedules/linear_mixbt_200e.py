# mix-bt's `linear.py`: Adam from 1e-2 to 1e-6, by the same factor after each of 200 epochs.
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-2, weight_decay=5e-6))
param_scheduler = dict(type='ExponentialLR', gamma=(1e-6 / 1e-2) ** (1 / 200))
train_cfg = dict(by_epoch=True, max_epochs=200)
