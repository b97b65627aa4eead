"""A projector of three layers of 16, on CIFAR-10. Measured: docs/ablations_results.md.

OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins-width-16_resnet18-stem7-c16_1xb128-coslr-1e_cifar10.py
"""

_base_ = 'barlowtwins_resnet18-stem7-c16_1xb128-coslr-1e_cifar10.py'
model = dict(neck=dict(hid_channels=16, out_channels=16), head=dict(in_channels=16))
