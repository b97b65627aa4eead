"""The supervised row beside Barlow Twins on CIFAR-10: a quarter of an hour on two CPU cores.

    python tools/train.py configs/baselines/supervised_resnet18-stem7_1xb256-coslr-8e_cifar10.py --amp

Network, batch, optimiser, schedule and epochs are those of the pretraining it stands beside, so
that what differs is the labels; one view of each image instead of two, cropped and mirrored as
there, without the changes of colour, which serve invariance.
Measured (2026-11-21): kNN k=200 71.1 %, linear 72.2 %.
"""

_base_ = '../barlowtwins/barlowtwins_resnet18-stem7_1xb256-coslr-8e_cifar10.py'

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
            dict(type='mmbarlow.LoadRGB', skip_broken=True),
            dict(type='mmpretrain.torchvision/RandomResizedCrop', size=32, interpolation='bicubic'),
            dict(type='mmpretrain.torchvision/RandomHorizontalFlip'),
            dict(type='mmpretrain.PackInputs', meta_keys=('skipped',)),
        ]
    )
)
default_hooks = dict(export=dict(scale='8 epochs, and the ImageNet stem on 32 px'))
