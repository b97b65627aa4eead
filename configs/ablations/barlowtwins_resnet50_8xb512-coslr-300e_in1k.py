"""A batch of 4096. Expected: linear top-1 70.7 (the author, issue 7 of the official code; figure 2 of the paper).

tools/dist_train.sh configs/ablations/barlowtwins_resnet50_8xb512-coslr-300e_in1k.py 8 --amp
"""

_base_ = '../barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'
train_dataloader = dict(batch_size=512)  # twice the memory of the parent, or model.chunk_size=256
# The best of the author's search, mmbarlow/engine/batch_size_lr.py.
optim_wrapper = dict(optimizer=dict(lr=3.2), paramwise_cfg=dict(bias_lr=0.0096))
