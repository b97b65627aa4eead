# Tiny ImageNet in its official layout: 64 px, 200 classes; see mmbarlow.TinyImageNet.
data_root = 'data/tiny-imagenet-200'


def plain(split):
    return dict(
        batch_size=512,
        num_workers=2,
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=dict(type='default_collate'),
        dataset=dict(
            type='mmbarlow.TinyImageNet',
            data_root=data_root,
            split=split,
            pipeline=[
                dict(type='mmbarlow.CenterView', size=64),
                dict(type='mmpretrain.PackInputs'),
            ],
        ),
    )


test_dataloader = plain('val')
test_cfg = dict(type='mmbarlow.FeatureLoop', bank_dataloader=plain('train'), stage='test')
# k and T of lightly's benchmarks
test_evaluator = dict(type='mmbarlow.KNN', k=[200], temperature=0.1)
