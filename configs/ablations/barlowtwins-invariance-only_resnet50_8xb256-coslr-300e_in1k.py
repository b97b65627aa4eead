"""The invariance term alone. Expected: linear 57.3 / 80.5 (paper, table 5).

tools/dist_train.sh configs/ablations/barlowtwins-invariance-only_resnet50_8xb256-coslr-300e_in1k.py 8 --amp
"""

_base_ = '../barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'
model = dict(head=dict(lambd=0.0))
