# STL-10 in its own format: 5,000 labelled images of 96 px, 8,000 to classify, one view an image.
_base_ = 'small_labelled.py'

data_root = 'data/stl10'
source = dict(type='mmbarlow.STL10', data_root=data_root, download=True)
train_dataloader = dict(
    dataset=dict(
        source,
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
    dataset=dict(
        source,
        split='test',
        pipeline=[
            dict(type='mmbarlow.CenterView', size=96),
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)
del source
