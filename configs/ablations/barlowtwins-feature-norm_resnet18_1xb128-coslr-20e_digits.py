"""Embeddings normalized along the feature dimension, on digits. Measured: docs/ablations_results.md.

OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins-feature-norm_resnet18_1xb128-coslr-20e_digits.py
"""

_base_ = 'barlowtwins_resnet18_1xb128-coslr-20e_digits.py'
model = dict(head=dict(type='mmbarlow.FeatureNormHead'))
