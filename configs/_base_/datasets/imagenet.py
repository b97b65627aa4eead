# ImageNet-1k as class folders (train/n01440764/*.JPEG, val/n01440764/*.JPEG).
_base_ = 'two_views.py'

data_root = 'data/imagenet'
train_dataloader = dict(
    dataset=dict(type='mmbarlow.UnlabeledImageNet', data_root=data_root, split='train')
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


# kNN as in MMSelfSup. After pretraining only: the features of the 1.28 million images of the
# bank take 10 GB.
test_dataloader = plain('val')
test_cfg = dict(type='mmbarlow.FeatureLoop', bank_dataloader=plain('train'), stage='test')
test_evaluator = dict(type='mmbarlow.KNN', k=[10, 20, 100, 200], temperature=0.07)
