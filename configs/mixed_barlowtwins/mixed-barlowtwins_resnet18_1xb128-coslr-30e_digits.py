"""Mixed Barlow Twins on scikit-learn's handwritten digits: minutes on two CPU cores, no download.

    OMP_NUM_THREADS=1 python tools/train.py configs/mixed_barlowtwins/mixed-barlowtwins_resnet18_1xb128-coslr-30e_digits.py

Three passes through the network in each step, where Barlow Twins has two: a third more time.
Measured over 3 seeds (2026-11-21): kNN with 5 labels per class 88.3 +- 2.2 %, k=10 95.4, linear 96.4.
"""

_base_ = '../barlowtwins/barlowtwins_resnet18_1xb128-coslr-30e_digits.py'
model = dict(type='mmbarlow.MixedBarlowTwins', scale=1.0)
