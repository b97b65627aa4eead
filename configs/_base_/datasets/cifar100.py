# CIFAR-100 in its own format, downloaded where there is a network.
data_root = 'data/cifar100'


def plain(split):
    return dict(
        batch_size=512,
        num_workers=2,
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=dict(type='default_collate'),
        dataset=dict(
            type='mmpretrain.CIFAR100',
            data_root=data_root,
            download=True,
            split=split,
            pipeline=[
                dict(type='mmbarlow.CenterView', size=32),
                dict(type='mmpretrain.PackInputs'),
            ],
        ),
    )


test_dataloader = plain('test')
test_cfg = dict(type='mmbarlow.FeatureLoop', bank_dataloader=plain('train'), stage='test')
# k and T of lightly's benchmarks
test_evaluator = dict(type='mmbarlow.KNN', k=[200], temperature=0.1)
