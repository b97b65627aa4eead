# Tiny ImageNet in its official layout, one view an image.
_base_ = 'labelled.py'

data_root = 'data/tiny-imagenet-200'
train_dataloader = dict(
    num_workers=2,
    dataset=dict(
        type='mmbarlow.TinyImageNet',
        data_root=data_root,
        split='train',
        pipeline=[
            dict(type='mmbarlow.LoadRGB'),
            dict(type='mmpretrain.torchvision/RandomResizedCrop', size=64),
            dict(type='mmpretrain.torchvision/RandomHorizontalFlip'),
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)
val_dataloader = dict(
    num_workers=2,
    dataset=dict(
        type='mmbarlow.TinyImageNet',
        data_root=data_root,
        split='val',
        pipeline=[
            dict(type='mmbarlow.CenterView', size=64),
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)
