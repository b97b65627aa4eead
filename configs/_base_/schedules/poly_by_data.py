# poly_20k.py over a number of iterations that the images decide: 50 passes over them, at least 1,000
# and at most 40,000 iterations, with four evaluations (mmbarlow/segmentation/preparation.py).
_base_ = 'poly_20k.py'

train_cfg = dict(max_iters=None, val_interval=None)
param_scheduler = [dict(_base_.param_scheduler[0], end=None)]  # noqa: F821
