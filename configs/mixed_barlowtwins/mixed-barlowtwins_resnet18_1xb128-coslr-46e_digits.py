"""Mixed Barlow Twins on scikit-learn's handwritten digits: minutes on two CPU cores, no download.

    OMP_NUM_THREADS=1 python tools/train.py configs/mixed_barlowtwins/mixed-barlowtwins_resnet18_1xb128-coslr-46e_digits.py

Three passes through the network a step, for two of Barlow Twins, whose 70 epochs take as long as 46 here.
Not run in full here yet.
"""

_base_ = '../barlowtwins/barlowtwins_resnet18_1xb128-coslr-70e_digits.py'

model = dict(type='mmbarlow.MixedBarlowTwins', scale=1.0)
train_cfg = dict(max_epochs=46)
custom_hooks = [
    dict(type='mmbarlow.FiniteLossHook'),
    dict(type='mmbarlow.ExportHook', dataset='digits', model='mixed-barlowtwins'),
]
