"""Lambda 0.007. Expected: linear between 70.8 and 71.6 (axis of figure 5 of the paper; no points printed).

tools/dist_train.sh configs/ablations/barlowtwins-lambda-7e-3_resnet50_8xb256-coslr-300e_in1k.py 8 --amp
"""

_base_ = '../barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'
model = dict(head=dict(lambd=0.007))
