"""Mixed Barlow Twins on Tiny ImageNet, ResNet-50, one GPU: the released recipe.

    python tools/train.py configs/mixed_barlowtwins/mixed-barlowtwins_resnet50_1xb256-coslr-2000e_tinyimagenet.py

Not run here yet. Expected: kNN (k=200, T=0.5) 42.21 %, linear 51.84 % by its own probe,
linear-mixbt_tinyimagenet (README of wgcban/mix-bt; 2000 epochs in its script, not stated beside the number). Its script for this
network has d = 4096 and no mixing, the released checkpoint d = 1024, as here.
"""

_base_ = 'mixed-barlowtwins_resnet18_1xb256-coslr-2000e_tinyimagenet.py'
model = dict(backbone=dict(depth=50))
