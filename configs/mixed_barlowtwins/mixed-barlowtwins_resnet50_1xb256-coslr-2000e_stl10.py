"""Mixed Barlow Twins on STL-10, ResNet-50, one GPU: the released recipe.

    python tools/train.py configs/mixed_barlowtwins/mixed-barlowtwins_resnet50_1xb256-coslr-2000e_stl10.py

Not run here yet. Expected: kNN (k=200, T=0.5) 87.79 %, linear 91.70 % by its own probe,
linear-mixbt_stl10 (README of wgcban/mix-bt; 2000 epochs in its script, not stated beside the number). Its script for this
network has d = 4096, the released checkpoint 1024, as here.
"""

_base_ = 'mixed-barlowtwins_resnet18_1xb256-coslr-2000e_stl10.py'
model = dict(backbone=dict(depth=50))
