"""The supervised row next to Barlow Twins on CIFAR-10, ResNet-18 with the 3x3 stem, one GPU.

    python tools/train.py configs/baselines/supervised_resnet18_1xb128-coslr-200e_cifar10.py

One view of each image instead of two, cropped (bilinear) and mirrored as there, its colors unchanged,
since their changes serve invariance. Not run here yet. No number is published for this very recipe.
"""

_base_ = [
    '../_base_/models/supervised_small.py',
    '../_base_/datasets/cifar10.py',
    '../_base_/schedules/sgd_200e.py',
    '../_base_/pretrain_runtime.py',
]

train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='mmbarlow.LoadRGB', skip_broken=True),
            dict(type='mmpretrain.torchvision/RandomResizedCrop', size=32),
            dict(type='mmpretrain.torchvision/RandomHorizontalFlip'),
            dict(type='mmpretrain.PackInputs', meta_keys=('skipped',)),
        ]
    )
)
