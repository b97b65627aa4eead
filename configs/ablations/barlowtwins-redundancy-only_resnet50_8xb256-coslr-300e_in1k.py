"""The redundancy-reduction term alone. Expected: linear 0.1 / 0.5, chance (paper, table 5).

tools/dist_train.sh configs/ablations/barlowtwins-redundancy-only_resnet50_8xb256-coslr-300e_in1k.py 8 --amp
"""

_base_ = '../barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'
model = dict(head=dict(type='mmbarlow.RedundancyHead'))
