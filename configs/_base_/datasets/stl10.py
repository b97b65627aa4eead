# STL-10 in its own format, downloaded where there is a network: 96 px. Trained on its 100,000 images
# without a class and the 5,000 with one, evaluated on the 5,000 and 8,000 that have one.
_base_ = 'small_images.py'

data_root = 'data/stl10'


def stl10(split, view, **pack):
    return dict(
        dataset=dict(
            type='mmbarlow.STL10',
            data_root=data_root,
            split=split,
            download=True,
            pipeline=[dict(view, size=96), dict(type='mmpretrain.PackInputs', **pack)],
        ),
    )


train_dataloader = stl10(
    'train+unlabeled',
    dict(type='mmbarlow.TwinViews', view_a=dict(), view_b=dict(solarize=0.2)),
    meta_keys=('skipped',),
)
val_dataloader = stl10('test', dict(type='mmbarlow.CenterView'))
val_cfg = dict(bank_dataloader=stl10('train', dict(type='mmbarlow.CenterView')))
test_dataloader = val_dataloader
test_cfg = val_cfg
