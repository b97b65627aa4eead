"""A projector of three layers of 16384. Expected: linear between 56 and 72 (axis of figure 4 of the paper; no points printed).

tools/dist_train.sh configs/ablations/barlowtwins-width-16384_resnet50_8xb256-coslr-300e_in1k.py 8 --amp
"""

_base_ = '../barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'
# All three layers, as in the author's run (issue 48 of the official code).
model = dict(neck=dict(hid_channels=16384, out_channels=16384), head=dict(in_channels=16384))
