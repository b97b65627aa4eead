"""Barlow Twins on your own images: a folder of them, nested or not, without labels. One GPU.

    python tools/train.py configs/barlowtwins/barlowtwins_resnet50_1xb128-coslr-100e_folder.py --amp --cfg-options data_root=FOLDER

The recipe of the official code, with the learning rate that its authors found best for a batch of
128 (github.com/facebookresearch/barlowtwins, issue 7; 300 epochs on ImageNet end at 69.7 % there,
with the batch of 2048 at 71.4 %). Without labels there is no kNN along the way: tools/benchmark.py
measures the features afterwards. Not run here yet; docs/data.md has more on folders and on images that
cannot be read.
"""

_base_ = [
    '../_base_/models/barlowtwins_resnet50.py',
    '../_base_/datasets/folder.py',
    '../_base_/schedules/lars_8xb256.py',
    '../_base_/pretrain_runtime.py',
]

train_dataloader = dict(batch_size=128)
# 0.7 x 128 / 256; for biases and BN the same share of it as at a batch of 2048
optim_wrapper = dict(optimizer=dict(lr=0.35), paramwise_cfg=dict(bias_lr=0.35 * 0.003))
train_cfg = dict(max_epochs=100)
