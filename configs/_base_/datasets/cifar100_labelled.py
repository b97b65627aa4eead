# CIFAR-100 in its own format, one view an image; downloaded where there is a network.
_base_ = 'labelled.py'

data_root = 'data/cifar100'
train_dataloader = dict(
    num_workers=2,
    dataset=dict(
        type='mmpretrain.CIFAR100',
        data_root=data_root,
        download=True,
        split='train',
        pipeline=[
            dict(type='mmbarlow.LoadRGB'),
            dict(type='mmpretrain.torchvision/RandomResizedCrop', size=32),
            dict(type='mmpretrain.torchvision/RandomHorizontalFlip'),
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)
val_dataloader = dict(
    num_workers=2,
    dataset=dict(
        type='mmpretrain.CIFAR100',
        data_root=data_root,
        download=True,
        split='test',
        pipeline=[
            dict(type='mmbarlow.CenterView', size=32),
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)
