# Pretraining at 224 px with the views of the official code: blur always on the first and seldom on
# the second, solarize on the second. A child says where the images come from.
train_dataloader = dict(
    batch_size=256,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='mmbarlow.ViewSampler'),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        pipeline=[
            dict(
                type='mmbarlow.TwinViews',
                size=224,
                view_a=dict(blur=1.0),
                view_b=dict(blur=0.1, solarize=0.2),
            ),
            dict(type='mmpretrain.PackInputs', meta_keys=('skipped',)),
        ],
    ),
)
