# STL-10 in its own format: 5,000 labelled images, 8,000 to classify, one view an image.
_base_ = 'labelled.py'

data_root = 'data/stl10'
train_dataloader = dict(
    num_workers=2,
    dataset=dict(
        type='mmbarlow.STL10',
        data_root=data_root,
        download=True,
        split='train',
        pipeline=[
            dict(type='mmbarlow.LoadRGB'),
            dict(type='mmpretrain.torchvision/RandomResizedCrop', size=96),
            dict(type='mmpretrain.torchvision/RandomHorizontalFlip'),
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)
val_dataloader = dict(
    num_workers=2,
    dataset=dict(
        type='mmbarlow.STL10',
        data_root=data_root,
        download=True,
        split='test',
        pipeline=[
            dict(type='mmbarlow.CenterView', size=96),
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)
