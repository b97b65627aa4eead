# scikit-learn's digits, one view of each image: cropped, but neither mirrored nor cropped to less
# than half, which would make one digit of another.
_base_ = 'labeled.py'


def digits(split, *steps):
    pipeline = [*steps, dict(type='mmpretrain.PackInputs')]
    return dict(
        num_workers=0,
        persistent_workers=False,
        dataset=dict(type='mmbarlow.Digits', split=split, pipeline=pipeline),
    )


train_dataloader = digits(
    'train',
    dict(type='mmbarlow.LoadRGB'),
    dict(type='mmpretrain.torchvision/RandomResizedCrop', size=32, scale=(0.5, 1.0)),
)
val_dataloader = digits('test', dict(type='mmbarlow.CenterView', size=32))
