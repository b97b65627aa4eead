"""The supervised row beside Barlow Twins on CIFAR-10, ResNet-18 with the 3x3 stem, one GPU.

    python tools/train.py configs/baselines/supervised_resnet18_1xb128-coslr-200e_cifar10.py

Not run here yet, for want of a GPU. Network, batch, optimiser, schedule and epochs are those of
Barlow Twins, so that what differs is the labels; one view of each image instead of two, cropped and
mirrored as there, without the changes of colour, which serve invariance. No number is published for
just this recipe.
"""

_base_ = [
    '../_base_/models/barlowtwins_resnet18_small.py',
    '../_base_/datasets/cifar10.py',
    '../_base_/schedules/sgd_200e.py',
    '../_base_/pretrain_runtime.py',
]

model = dict(
    _delete_=True,
    type='mmbarlow.Supervised',
    data_preprocessor={{_base_.model.data_preprocessor}},  # noqa: F821
    backbone={{_base_.model.backbone}},  # noqa: F821
    head=dict(
        type='mmpretrain.LinearClsHead',
        num_classes=10,
        in_channels=512,
        loss=dict(type='mmpretrain.CrossEntropyLoss'),
    ),
)
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='mmbarlow.LoadRGB'),
            dict(type='mmpretrain.torchvision/RandomResizedCrop', size=32, interpolation='bicubic'),
            dict(type='mmpretrain.torchvision/RandomHorizontalFlip'),
            dict(type='mmpretrain.PackInputs'),
        ]
    )
)
