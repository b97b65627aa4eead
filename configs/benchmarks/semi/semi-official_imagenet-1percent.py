"""Fine-tuning on 1 % of ImageNet's labels, with the settings of the official README.

python tools/benchmark.py CHECKPOINT --suite semi-official_imagenet-1percent

Since June 2021 it has 0.005 for the backbone and a cosine in steps of an epoch, for the released
weights; before, and in the paper: semi_imagenet-1percent.py. A user got 55.09 top-1 and 79.89 top-5
from those weights (issue 14 there).
"""

_base_ = 'semi_imagenet-1percent.py'
optim_wrapper = dict(
    optimizer=dict(lr=0.005),
    paramwise_cfg=dict(custom_keys={'head.': dict(lr_mult=100)}),
)
param_scheduler = dict(_delete_=True, type='CosineAnnealingLR', T_max=20)
