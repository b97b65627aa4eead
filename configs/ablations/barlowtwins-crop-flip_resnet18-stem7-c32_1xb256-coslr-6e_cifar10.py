"""Ablation: views with crops and flips alone, on CIFAR-10.

    OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins-crop-flip_resnet18-stem7-c32_1xb256-coslr-6e_cifar10.py

No solarize either.
A quarter of an hour, two at once on two CPU cores. Results: docs/ablations_results.md.
"""

_base_ = 'barlowtwins_resnet18-stem7-c32_1xb256-coslr-6e_cifar10.py'

model = dict(
    data_preprocessor=dict(
        view_a=dict(gray=0.0, jitter=0.0), view_b=dict(gray=0.0, jitter=0.0, solarize=0.0)
    )
)
