"""A projector of three layers of 256, on digits. Measured: docs/ablations_results.md.

OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins-width-256_resnet18_1xb128-coslr-20e_digits.py
"""

_base_ = 'barlowtwins_resnet18_1xb128-coslr-20e_digits.py'
model = dict(neck=dict(hid_channels=256, out_channels=256), head=dict(in_channels=256))
