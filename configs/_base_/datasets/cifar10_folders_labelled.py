# CIFAR-10 as class folders (train/airplane/*.jpg, test/airplane/*.jpg), one view an image.
_base_ = 'labelled.py'

data_root = 'data/cifar10'
train_dataloader = dict(
    num_workers=2,
    dataset=dict(
        type='mmpretrain.CustomDataset',
        data_root=data_root,
        data_prefix='train',
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
        type='mmpretrain.CustomDataset',
        data_root=data_root,
        data_prefix='test',
        pipeline=[
            dict(type='mmbarlow.CenterView', size=32),
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)
