"""Mixed Barlow Twins on Tiny ImageNet, 100,000 images of 64 px, ResNet-18, one GPU: the released recipe.

    python tools/train.py configs/mixed_barlowtwins/mixed-barlowtwins_resnet18_1xb256-coslr-2000e_tinyimagenet.py

Needs data/tiny-imagenet-200 as unpacked from its zip. Not run here yet.
Expected: kNN (k=200, T=0.5) 38.11 %, linear 51.67 % by its own probe, linear-mixbt_tinyimagenet (README of
wgcban/mix-bt, the best over the epochs on the test set; 2000 epochs in its script, not stated beside
the number).
"""

_base_ = [
    '../_base_/models/mixed_barlowtwins_64px.py',
    '../_base_/datasets/tinyimagenet.py',
    '../_base_/schedules/adam_2000e.py',
    '../_base_/pretrain_runtime.py',
]

model = dict(
    data_preprocessor=dict(mean=[122.4, 114.24, 101.49], std=[70.635, 68.595, 71.91]),
    head=dict(lambd=0.0009765),  # 1 / 1024, where the others have 1 / 128
)
train_dataloader = dict(batch_size=256, dataset=dict(pipeline=_base_.whole_images))
val_evaluator = test_evaluator = dict(temperature=0.5)
