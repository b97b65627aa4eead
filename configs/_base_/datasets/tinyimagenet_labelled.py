# Tiny ImageNet in its official layout: 64 px, one view an image.
_base_ = 'small_labelled.py'

data_root = 'data/tiny-imagenet-200'
source = dict(type='mmbarlow.TinyImageNet', data_root=data_root)
train_dataloader = dict(
    dataset=dict(
        source,
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
    dataset=dict(
        source,
        split='val',
        pipeline=[
            dict(type='mmbarlow.CenterView', size=64),
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)
del source
