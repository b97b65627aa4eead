"""A projector of four layers. Expected: no better than 3 (paper, section 4; no numbers given).

tools/dist_train.sh configs/ablations/barlowtwins-depth-4_resnet50_8xb256-coslr-300e_in1k.py 8 --amp
"""

_base_ = '../barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'
model = dict(neck=dict(num_layers=4))
