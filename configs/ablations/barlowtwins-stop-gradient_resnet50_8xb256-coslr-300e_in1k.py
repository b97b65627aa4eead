"""A stop-gradient on one branch. Expected: linear 70.5 / 89.0 (paper, table 6, case a).

tools/dist_train.sh configs/ablations/barlowtwins-stop-gradient_resnet50_8xb256-coslr-300e_in1k.py 8 --amp
"""

_base_ = '../barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'
model = dict(head=dict(type='mmbarlow.AsymmetricHead', stop_gradient=True, predictor=False))
