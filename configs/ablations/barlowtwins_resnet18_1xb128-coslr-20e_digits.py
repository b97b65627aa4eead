"""The parent of the reduced ablations on digits: 20 epochs, a minute or two on one CPU core.

    OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins_resnet18_1xb128-coslr-20e_digits.py --amp

What is studied on it: docs/ablations.md. Its numbers: the first rows of docs/ablations_results.md.
"""

_base_ = '../barlowtwins/barlowtwins_resnet18_1xb128-coslr-70e_digits.py'
param_scheduler = dict(warmup=2)
train_cfg = dict(max_epochs=20, val_interval=20)
# A run this short is repeated rather than resumed, and there are many.
default_hooks = dict(
    checkpoint=dict(interval=-1, minutes=0, save_last=False),
    export=dict(scale='20 epochs instead of 70'),
)
