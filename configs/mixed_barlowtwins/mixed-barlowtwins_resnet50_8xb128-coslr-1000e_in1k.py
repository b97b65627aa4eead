"""Mixed Barlow Twins on ImageNet-1k, 1000 epochs.

    tools/dist_train.sh configs/mixed_barlowtwins/mixed-barlowtwins_resnet50_8xb128-coslr-1000e_in1k.py 8 --amp

Not run here yet. Expected: linear 74.06 / 91.47 (README of wgcban/mix-bt, lambda_reg 2.0; the batch size
of that run is not stated).
"""

_base_ = 'mixed-barlowtwins_resnet50_8xb128-coslr-300e_in1k.py'
model = dict(scale=1.0)
train_cfg = dict(max_epochs=1000)
