"""Ablation: views with no grayscale, on CIFAR-10.

    OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins-no-gray_resnet18-stem7-c32_1xb256-coslr-6e_cifar10.py

Left are crop, flip, colour jitter, and solarize on the second view.
A quarter of an hour, two at once on two CPU cores. Results: docs/ablations_results.md.
"""

_base_ = 'barlowtwins_resnet18-stem7-c32_1xb256-coslr-6e_cifar10.py'

model = dict(data_preprocessor=dict(view_a=dict(gray=0.0), view_b=dict(gray=0.0)))
