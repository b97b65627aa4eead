"""No BN in the projector. Expected: linear 71.2 / 89.7 (paper, table 5).

tools/dist_train.sh configs/ablations/barlowtwins-no-bn_resnet50_8xb256-coslr-300e_in1k.py 8 --amp
"""

_base_ = '../barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'
model = dict(neck=dict(norm=False))
