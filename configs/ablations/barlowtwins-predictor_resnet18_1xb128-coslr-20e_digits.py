"""A predictor on one branch, on digits. Measured: docs/ablations_results.md.

OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins-predictor_resnet18_1xb128-coslr-20e_digits.py
"""

_base_ = 'barlowtwins_resnet18_1xb128-coslr-20e_digits.py'
model = dict(head=dict(type='mmbarlow.AsymmetricHead', stop_gradient=False, predictor=True))
