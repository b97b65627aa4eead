"""Views with neither grayscale nor color jitter, on CIFAR-10. Measured: docs/ablations_results.md.

OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins-no-gray-no-jitter_resnet18-stem7-c16_1xb128-coslr-3e_cifar10.py
"""

_base_ = 'barlowtwins_resnet18-stem7-c16_1xb128-coslr-3e_cifar10.py'
model = dict(
    data_preprocessor=dict(view_a=dict(gray=0.0, jitter=0.0), view_b=dict(gray=0.0, jitter=0.0))
)
