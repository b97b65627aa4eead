"""Mixed Barlow Twins on scikit-learn's handwritten digits: minutes on two CPU cores, no download.

    OMP_NUM_THREADS=1 python tools/train.py configs/mixed_barlowtwins/mixed-barlowtwins_resnet18_1xb128-coslr-30e_digits.py

Three passes through the network a step, for two of Barlow Twins: a third more time than its run here.
"""

_base_ = '../barlowtwins/barlowtwins_resnet18_1xb128-coslr-30e_digits.py'

model = dict(type='mmbarlow.MixedBarlowTwins', scale=1.0)
custom_hooks = [
    dict(type='mmbarlow.FiniteLossHook'),
    dict(type='mmbarlow.ExportHook', dataset='digits', model='mixed-barlowtwins'),
]
