"""Eight views of each digit for a quarter of the epochs: the network sees as many images.

    OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins-8views_resnet18_1xb128-coslr-10e_digits.py

Its peer of two views is barlowtwins_resnet18_1xb128-coslr-40e_digits.py. Numbers: docs/ablations.md.
"""

_base_ = 'barlowtwins-4views_resnet18_1xb128-coslr-20e_digits.py'
model = dict(
    data_preprocessor=dict(global_views=_base_.model.data_preprocessor.global_views[:1] * 8)
)
param_scheduler = dict(warmup=1)
train_cfg = dict(max_epochs=10, val_interval=10)
default_hooks = dict(export=dict(scale='10 epochs of eight views'))
