"""Ablation: lambda 0.015, on digits.

    OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins-lambda-15e-3_resnet18_1xb128-coslr-20e_digits.py

Three minutes on one core of a busy machine. Results: docs/ablations_results.md.
"""

_base_ = 'barlowtwins_resnet18_1xb128-coslr-20e_digits.py'

model = dict(head=dict(lambd=0.015))
