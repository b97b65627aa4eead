# poly_20k.py over 40,000 iterations.
_base_ = 'poly_20k.py'

train_cfg = dict(max_iters=40000, val_interval=4000)
param_scheduler = [dict(_base_.param_scheduler[0], end=40000)]  # noqa: F821
