# CIFAR-10 in its own format, downloaded where there is a network; views as in lightly's benchmark:
# the official ones without blur, which 32 px do not bear.
data_root = 'data/cifar10'

train_dataloader = dict(
    batch_size=128,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='mmpretrain.CIFAR10',
        data_root=data_root,
        split='train',
        download=True,
        pipeline=[
            dict(type='mmbarlow.TwinViews', size=32, view_a=dict(), view_b=dict(solarize=0.2)),
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)


def plain(split):
    return dict(
        batch_size=512,
        num_workers=2,
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=dict(type='default_collate'),
        dataset=dict(
            type='mmpretrain.CIFAR10',
            data_root=data_root,
            split=split,
            download=True,
            pipeline=[
                dict(type='mmbarlow.CenterView', size=32),
                dict(type='mmpretrain.PackInputs'),
            ],
        ),
    )


val_dataloader = plain('test')
val_cfg = dict(type='mmbarlow.FeatureLoop', bank_dataloader=plain('train'))
val_evaluator = dict(type='mmbarlow.KNN', k=[200], temperature=0.1)
test_dataloader = val_dataloader
test_cfg = dict(val_cfg, stage='test')
test_evaluator = val_evaluator
