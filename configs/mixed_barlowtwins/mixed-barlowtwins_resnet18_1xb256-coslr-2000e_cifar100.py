"""Mixed Barlow Twins on CIFAR-100, ResNet-18, one GPU: the released recipe.

    python tools/train.py configs/mixed_barlowtwins/mixed-barlowtwins_resnet18_1xb256-coslr-2000e_cifar100.py

Downloads CIFAR-100 to data/cifar100 if it is not there. Not run here yet.
Expected: kNN (k=200, T=0.5) 61.25 %, linear 69.31 % by its own probe, linear-mixbt_cifar100 (README of
wgcban/mix-bt, the best over the epochs on the test set; 2000 epochs in its script, not stated beside
the number). Its script for this network has d = 2048, the released checkpoint 1024, as here; for the
script: model.neck.out_channels=2048 model.head.in_channels=2048.
"""

_base_ = [
    '../_base_/models/mixed_barlowtwins_small.py',
    '../_base_/datasets/cifar100.py',
    '../_base_/schedules/adam_2000e.py',
    '../_base_/pretrain_runtime.py',
]

train_dataloader = dict(batch_size=256, dataset=dict(pipeline=_base_.whole_images))
val_evaluator = test_evaluator = dict(temperature=0.5)
