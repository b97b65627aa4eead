"""Barlow Twins for ViT-S/8 on Tiny ImageNet, 100,000 images of 64 px, one GPU.

    python tools/train.py configs/barlowtwins/barlowtwins_vit-small-p8_1xb256-coslr-200e_tinyimagenet.py --amp

Needs data/tiny-imagenet-200 as unpacked from its zip. Patches of 8 px make 64 tokens. 78,000 steps. Not run
here yet; no number is published for it.
"""

_base_ = [
    '../_base_/models/barlowtwins_vit-small.py',
    '../_base_/datasets/tinyimagenet.py',
    '../_base_/schedules/adamw_vit.py',
    '../_base_/pretrain_runtime.py',
]

model = dict(
    backbone=dict(img_size=64, patch_size=8),
    neck=dict(hid_channels=2048, out_channels=2048),
    head=dict(in_channels=2048),
)
train_dataloader = dict(batch_size=256)
train_cfg = dict(max_epochs=200, val_interval=10)
