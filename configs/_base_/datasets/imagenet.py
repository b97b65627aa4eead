# ImageNet-1k as class folders (train/n01440764/*.JPEG, val/n01440764/*.JPEG) with the views of
# the official code: blur always on the first and seldom on the second, solarize on the second.
data_root = 'data/imagenet'

train_dataloader = dict(
    batch_size=256,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='mmpretrain.ImageNet',
        data_root=data_root,
        split='train',
        pipeline=[
            dict(
                type='mmbarlow.TwinViews',
                size=224,
                view_a=dict(blur=1.0),
                view_b=dict(blur=0.1, solarize=0.2),
            ),
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)


def plain(split):
    return dict(
        batch_size=256,
        num_workers=8,
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=dict(type='default_collate'),
        dataset=dict(
            type='mmpretrain.ImageNet',
            data_root=data_root,
            split=split,
            pipeline=[
                dict(type='mmbarlow.CenterView', size=224, resize=256),
                dict(type='mmpretrain.PackInputs'),
            ],
        ),
    )


# kNN as in MMSelfSup. After the training only: the features of the 1.28 million images of the
# bank take 10 GB.
test_dataloader = plain('val')
test_cfg = dict(type='mmbarlow.FeatureLoop', bank_dataloader=plain('train'), stage='test')
test_evaluator = dict(type='mmbarlow.KNN', k=[10, 20, 100, 200], temperature=0.07)
