# Tiny ImageNet in its official layout: 64 px, 200 classes; see mmbarlow.TinyImageNet.
_base_ = 'small_images.py'

data_root = 'data/tiny-imagenet-200'


def tiny(split, view, **pack):
    return dict(
        dataset=dict(
            type='mmbarlow.TinyImageNet',
            data_root=data_root,
            split=split,
            pipeline=[dict(view, size=64), dict(type='mmpretrain.PackInputs', **pack)],
        ),
    )


train_dataloader = tiny(
    'train',
    dict(type='mmbarlow.TwinViews', view_a=dict(), view_b=dict(solarize=0.2)),
    meta_keys=('skipped',),
)
val_dataloader = tiny('val', dict(type='mmbarlow.CenterView'))
val_cfg = dict(bank_dataloader=tiny('train', dict(type='mmbarlow.CenterView')))
test_dataloader = val_dataloader
test_cfg = val_cfg
