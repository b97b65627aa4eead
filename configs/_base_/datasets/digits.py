# The 1,797 handwritten digits that scikit-learn ships, 32 px, nothing to download. They have no
# color and are not mirrored, so that their views differ in place, slant and ink instead.
view = dict(rotate=15, crop_scale=(0.3, 1.0), flip=0.0, saturation=0.0, hue=0.0, gray=0.0)


def digits(split, pipeline):
    return dict(
        batch_size=128,
        num_workers=0,  # the plain images are made faster than a process starts
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=dict(type='default_collate'),
        dataset=dict(
            type='mmbarlow.Digits',
            split=split,
            pipeline=[pipeline, dict(type='mmpretrain.PackInputs')],
        ),
    )


train_dataloader = dict(
    digits('train', dict(type='mmbarlow.TwinViews', size=32, view_a=view, view_b=view)),
    num_workers=1,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='mmbarlow.ViewSampler'),
)
val_dataloader = test_dataloader = digits('test', dict(type='mmbarlow.CenterView', size=32))
val_cfg = dict(
    type='mmbarlow.FeatureLoop',
    bank_dataloader=digits('train', dict(type='mmbarlow.CenterView', size=32)),
)
test_cfg = dict(val_cfg, stage='test')
val_evaluator = test_evaluator = dict(type='mmbarlow.KNN', k=[10])
del view
