"""No BN in the projector, covariance instead of correlation, on CIFAR-10. Measured: docs/ablations_results.md.

OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins-no-bn-no-norm_resnet18-stem7-c16_1xb128-coslr-1e_cifar10.py
"""

_base_ = 'barlowtwins_resnet18-stem7-c16_1xb128-coslr-1e_cifar10.py'
model = dict(neck=dict(norm=False), head=dict(type='mmbarlow.CrossCovarianceHead'))
