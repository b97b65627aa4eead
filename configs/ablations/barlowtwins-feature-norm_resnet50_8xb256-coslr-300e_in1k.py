"""Ablation: embeddings normalised along the feature dimension.

    tools/dist_train.sh configs/ablations/barlowtwins-feature-norm_resnet50_8xb256-coslr-300e_in1k.py 8 --amp

Data, hardware and hours as for the parent. Not run here yet.
Expected: linear 69.8 / 88.8 (paper, table 5, normalisation along feature dim).
The parent: 71.4 / 90.2.
"""

_base_ = '../barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'

model = dict(head=dict(type='mmbarlow.FeatureNormHead'))
