"""Ablation: a projector of three layers of 2048.

    tools/dist_train.sh configs/ablations/barlowtwins-width-2048_resnet50_8xb256-coslr-300e_in1k.py 8 --amp

Data, hardware and hours as for the parent. Not run here yet.
Expected: between 56 and 72 (axis of figure 4 of the paper; its points are not printed). All three
layers have the width, as in the run of 16384 (the author, issue 48 of the official code).
The parent: 71.4 / 90.2.
"""

_base_ = '../barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'

model = dict(neck=dict(hid_channels=2048, out_channels=2048), head=dict(in_channels=2048))
