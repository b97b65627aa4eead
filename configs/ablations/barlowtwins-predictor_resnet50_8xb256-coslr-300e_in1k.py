"""A predictor on one branch. Expected: linear 70.2 / 89.0 (paper, table 6, case b).

tools/dist_train.sh configs/ablations/barlowtwins-predictor_resnet50_8xb256-coslr-300e_in1k.py 8 --amp
"""

_base_ = '../barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'
model = dict(head=dict(type='mmbarlow.AsymmetricHead', stop_gradient=False, predictor=True))
