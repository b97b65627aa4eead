# Pretraining on images of 32 px, and kNN on them. The views are lightly's: the official ones with
# bilinear crops and without blur, which so few pixels do not bear. A child says where the images
# come from, and of what size they are.
_base_ = 'two_views.py'

train_dataloader = dict(
    batch_size=128,
    dataset=dict(
        pipeline=[
            dict(
                type='mmbarlow.TwinViews',
                size=32,
                view_a=dict(interpolation='bilinear'),
                view_b=dict(interpolation='bilinear', solarize=0.2),
            ),
            dict(type='mmpretrain.PackInputs', meta_keys=('skipped',)),
        ],
    ),
)
# The training pipeline of models whose preprocessor makes the views (mmbarlow.BatchTwinViews).
whole_images = [
    dict(type='mmbarlow.CenterView', size=32, skip_broken=True),
    dict(type='mmpretrain.PackInputs', meta_keys=('sample_idx', 'skipped')),
]
val_dataloader = test_dataloader = dict(
    batch_size=512,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        pipeline=[dict(type='mmbarlow.CenterView', size=32), dict(type='mmpretrain.PackInputs')]
    ),
)
val_cfg = dict(type='mmbarlow.FeatureLoop', bank_dataloader=val_dataloader)
test_cfg = dict(val_cfg, stage='test')
val_evaluator = test_evaluator = dict(type='mmbarlow.KNN', k=[200], temperature=0.1)
