"""A projector of three layers of 2048, on CIFAR-10. Measured: docs/ablations_results.md.

OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins-width-2048_resnet18-stem7-c16_1xb128-coslr-1e_cifar10.py
"""

_base_ = 'barlowtwins_resnet18-stem7-c16_1xb128-coslr-1e_cifar10.py'
model = dict(neck=dict(hid_channels=2048, out_channels=2048), head=dict(in_channels=2048))
