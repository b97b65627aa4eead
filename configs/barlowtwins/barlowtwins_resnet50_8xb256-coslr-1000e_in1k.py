"""Barlow Twins on ImageNet-1k, 1000 epochs: the recipe of the paper's main tables.

    tools/dist_train.sh configs/barlowtwins/barlowtwins_resnet50_8xb256-coslr-1000e_in1k.py 8 --amp

The paper: 124 h on 32 V100 (section 2.2). Not run here yet.
Expected: linear 73.2 / 91.0 (paper, table 1), 73.5 / 91.0 (released weights).
"""

_base_ = 'barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'
train_cfg = dict(max_epochs=1000)
