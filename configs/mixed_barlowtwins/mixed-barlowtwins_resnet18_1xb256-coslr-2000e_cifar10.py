"""Mixed Barlow Twins on CIFAR-10, ResNet-18, one GPU: the released recipe.

    python tools/train.py configs/mixed_barlowtwins/mixed-barlowtwins_resnet18_1xb256-coslr-2000e_cifar10.py

Downloads CIFAR-10 to data/cifar10 if it is not there. Not run here yet.
Expected: kNN (k=200, T=0.5) 90.52 %, linear 92.58 % by its own probe, linear-mixbt_cifar10 (README of
wgcban/mix-bt, the best over the epochs on the test set; 2000 epochs in its script, not stated beside
the number).
"""

_base_ = [
    '../_base_/models/mixed_barlowtwins_small.py',
    '../_base_/datasets/cifar10.py',
    '../_base_/schedules/adam_2000e.py',
    '../_base_/pretrain_runtime.py',
]

train_dataloader = dict(batch_size=256, dataset=dict(pipeline=_base_.whole_images))
val_evaluator = test_evaluator = dict(temperature=0.5)
