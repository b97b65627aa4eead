"""Ablation: a batch of 1024.

    tools/dist_train.sh configs/ablations/barlowtwins_resnet50_8xb128-coslr-300e_in1k.py 8 --amp

Data, hardware and hours as for the parent. Not run here yet.
Expected: linear top-1 71.7 with this learning rate, the best of a search: 0.25 x batch / 256 (the
author, issue 7 of the official code; figure 2 of the paper). Biases and BN have 0.003 of it, as in the
parent: mmbarlow/engine/batch_size_lr.py.
The parent: 71.4 / 90.2.
"""

_base_ = '../barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'

train_dataloader = dict(batch_size=128)
optim_wrapper = dict(optimizer=dict(lr=1), paramwise_cfg=dict(bias_lr=0.003))
