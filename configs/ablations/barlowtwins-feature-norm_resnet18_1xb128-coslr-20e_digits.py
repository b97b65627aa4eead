"""Ablation: embeddings normalised along the feature dimension, on digits.

    OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins-feature-norm_resnet18_1xb128-coslr-20e_digits.py

Three minutes on one core of a busy machine; measured: docs/ablations_results.md, beside what is published.
"""

_base_ = 'barlowtwins_resnet18_1xb128-coslr-20e_digits.py'

model = dict(head=dict(type='mmbarlow.FeatureNormHead'))
