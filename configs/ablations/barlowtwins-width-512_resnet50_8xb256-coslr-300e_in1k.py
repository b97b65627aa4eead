"""A projector of three layers of 512. Expected: linear between 56 and 72 (axis of figure 4 of the paper; no points printed).

tools/dist_train.sh configs/ablations/barlowtwins-width-512_resnet50_8xb256-coslr-300e_in1k.py 8 --amp
"""

_base_ = '../barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'
model = dict(neck=dict(hid_channels=512, out_channels=512), head=dict(in_channels=512))
