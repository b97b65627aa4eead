"""No BN in the projector, covariance instead of correlation. Expected: linear 53.4 / 76.7 (paper, table 5).

tools/dist_train.sh configs/ablations/barlowtwins-no-bn-no-norm_resnet50_8xb256-coslr-300e_in1k.py 8 --amp
"""

_base_ = '../barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'
model = dict(neck=dict(norm=False), head=dict(type='mmbarlow.CrossCovarianceHead'))
