# Imagenette, ten classes of ImageNet, as unpacked (train/n01440764/*.JPEG, val/n01440764/*.JPEG):
# github.com/fastai/imagenette. kNN as in stable-pretraining's benchmark, k = 20.
_base_ = 'two_views.py'

data_root = 'data/imagenette2'
train_dataloader = dict(
    dataset=dict(type='mmbarlow.ClassFolders', data_root=data_root, data_prefix='train')
)


def plain(split):
    return dict(
        batch_size=256,
        num_workers=8,
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=dict(type='default_collate'),
        dataset=dict(
            type='mmbarlow.ClassFolders',
            data_root=data_root,
            data_prefix=split,
            pipeline=[
                dict(type='mmbarlow.CenterView', size=224, resize=256),
                dict(type='mmpretrain.PackInputs'),
            ],
        ),
    )


val_dataloader = test_dataloader = plain('val')
val_cfg = dict(type='mmbarlow.FeatureLoop', bank_dataloader=plain('train'))
test_cfg = dict(val_cfg, stage='test')
val_evaluator = test_evaluator = dict(type='mmbarlow.KNN', k=[20], temperature=0.07)
