# labelled.py for images of 32 px. A child says where they come from, and of what size they are.
_base_ = 'labelled.py'

train_dataloader = dict(
    num_workers=2,
    dataset=dict(
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
        pipeline=[
            dict(type='mmbarlow.CenterView', size=32),
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)
