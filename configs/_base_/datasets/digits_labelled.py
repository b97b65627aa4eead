# scikit-learn's digits, one view an image: cropped, but neither mirrored nor cropped to less than
# half, which would make one digit of another.
_base_ = 'labelled.py'

train_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        type='mmbarlow.Digits',
        split='train',
        pipeline=[
            dict(type='mmbarlow.LoadRGB'),
            dict(type='mmpretrain.torchvision/RandomResizedCrop', size=32, scale=(0.5, 1.0)),
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)
val_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        type='mmbarlow.Digits',
        split='test',
        pipeline=[
            dict(type='mmbarlow.CenterView', size=32),
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)
