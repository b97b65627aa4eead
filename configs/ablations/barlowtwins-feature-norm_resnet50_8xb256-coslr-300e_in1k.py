"""Embeddings normalized along the feature dimension. Expected: linear 69.8 / 88.8 (paper, table 5).

tools/dist_train.sh configs/ablations/barlowtwins-feature-norm_resnet50_8xb256-coslr-300e_in1k.py 8 --amp
"""

_base_ = '../barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'
model = dict(head=dict(type='mmbarlow.FeatureNormHead'))
