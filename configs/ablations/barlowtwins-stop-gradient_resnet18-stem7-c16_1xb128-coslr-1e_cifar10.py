"""A stop-gradient on one branch, on CIFAR-10. Measured: docs/ablations_results.md.

OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins-stop-gradient_resnet18-stem7-c16_1xb128-coslr-1e_cifar10.py
"""

_base_ = 'barlowtwins_resnet18-stem7-c16_1xb128-coslr-1e_cifar10.py'
model = dict(head=dict(type='mmbarlow.AsymmetricHead', stop_gradient=True, predictor=False))
