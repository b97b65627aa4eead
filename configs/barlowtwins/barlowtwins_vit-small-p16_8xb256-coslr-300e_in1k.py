"""Barlow Twins for ViT-S/16 on ImageNet-1k, 300 epochs, 8 GPUs.

    tools/dist_train.sh configs/barlowtwins/barlowtwins_vit-small-p16_8xb256-coslr-300e_in1k.py 8 --amp

Needs data/imagenet/{train,val}. AdamW instead of LARS, at 5e-4 x 2048 / 256; docs/vit.md has the reason
of each value. Not run here yet, and no number is published for Barlow Twins; MoCo v3's ViT-S, 300
epochs at a batch of 4096, ends at 73.2 % (linear, its CONFIG.md), the ResNet-50 of this package's recipe is
expected at 71.7 %. How long it takes has not been measured.
"""

_base_ = [
    '../_base_/models/barlowtwins_vit-small.py',
    '../_base_/datasets/imagenet.py',
    '../_base_/schedules/adamw_vit.py',
    '../_base_/pretrain_runtime.py',
]

optim_wrapper = dict(optimizer=dict(lr=5e-4 * 8))
param_scheduler = dict(warmup=40)  # MoCo v3's for 300 epochs
