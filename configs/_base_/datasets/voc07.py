# PASCAL VOC 2007 (VOCdevkit/VOC2007/ in data_root), 5,011 images of trainval to learn from and
# 4,952 of test, 20 classes, several an image. The whole image, squeezed to 224 x 224.
data_root = 'data/voc'


def images(split):
    return dict(
        batch_size=64,
        num_workers=4,
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=dict(type='default_collate'),
        dataset=dict(
            type='mmbarlow.VOC07',
            data_root=data_root,
            split=split,
            pipeline=[
                dict(type='mmbarlow.WholeView', size=224, resize=256),
                dict(type='mmpretrain.PackInputs'),
            ],
        ),
    )


test_dataloader = images('test')
test_cfg = dict(type='mmbarlow.FeatureLoop', bank_dataloader=images('trainval'), stage='test')
