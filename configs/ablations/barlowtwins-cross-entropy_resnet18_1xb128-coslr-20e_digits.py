"""Cross-entropy with temperature, on digits. Measured: docs/ablations_results.md.

OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins-cross-entropy_resnet18_1xb128-coslr-20e_digits.py
"""

_base_ = 'barlowtwins_resnet18_1xb128-coslr-20e_digits.py'
model = dict(head=dict(type='mmbarlow.CrossEntropyHead', lambd=1.0, temperature=0.1))
