"""A predictor on one branch, a stop-gradient on the other. Expected: linear 61.3 / 83.5 (paper, table 6, case c).

tools/dist_train.sh configs/ablations/barlowtwins-stop-gradient-predictor_resnet50_8xb256-coslr-300e_in1k.py 8 --amp
"""

_base_ = '../barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'
model = dict(head=dict(type='mmbarlow.AsymmetricHead', stop_gradient=True, predictor=True))
