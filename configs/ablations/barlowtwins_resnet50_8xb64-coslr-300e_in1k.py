"""A batch of 512. Expected: linear top-1 71.4 (the author, issue 7 of the official code; figure 2 of the paper).

tools/dist_train.sh configs/ablations/barlowtwins_resnet50_8xb64-coslr-300e_in1k.py 8 --amp
"""

_base_ = '../barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'
train_dataloader = dict(batch_size=64)
# The best of the author's search, mmbarlow/engine/batch_size_lr.py.
optim_wrapper = dict(optimizer=dict(lr=0.6), paramwise_cfg=dict(bias_lr=0.0018))
