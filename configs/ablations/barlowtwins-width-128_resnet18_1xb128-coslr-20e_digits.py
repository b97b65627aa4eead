"""A projector of three layers of 128, on digits. Measured: docs/ablations_results.md.

OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins-width-128_resnet18_1xb128-coslr-20e_digits.py
"""

_base_ = 'barlowtwins_resnet18_1xb128-coslr-20e_digits.py'
model = dict(neck=dict(hid_channels=128, out_channels=128), head=dict(in_channels=128))
