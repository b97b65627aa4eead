# Boxes and masks of COCO 2017: trained on train2017 (118k images), tested on val2017 (5k), from
# data_root/{train2017,val2017,annotations}. Shorter side 640 to 800 in steps of 32, in testing 800,
# the longer one at most 1333. The batch size is that of all processes together.
data_root = 'data/coco'


def coco(split, pipeline, **kwargs):
    return dict(
        type='mmbarlow.MendedCocoDataset',
        data_root=data_root,
        ann_file=f'annotations/instances_{split}2017.json',
        data_prefix=dict(img=f'{split}2017/'),
        pipeline=[dict(type='LoadImageFromFile'), *pipeline],
        **kwargs,
    )


train_dataloader = dict(
    batch_size=16,
    num_workers=4,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    batch_sampler=dict(type='mmdet.AspectRatioBatchSampler'),
    dataset=coco(
        'train',
        [
            dict(type='mmbarlow.LoadPolygonAnnotations', with_bbox=True, with_mask=True),
            dict(
                type='RandomChoiceResize',
                resize_type='mmdet.Resize',
                scales=[(1333, short) for short in range(640, 801, 32)],
                keep_ratio=True,
            ),
            dict(type='mmdet.RandomFlip', prob=0.5),
            dict(type='mmdet.PackDetInputs'),
        ],
        filter_cfg=dict(filter_empty_gt=True),
    ),
)
val_dataloader = test_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=coco(
        'val',
        [
            dict(type='mmdet.Resize', scale=(1333, 800), keep_ratio=True),
            # after Resize: boxes and masks are compared in the size of the file
            dict(type='mmbarlow.LoadPolygonAnnotations', with_bbox=True, with_mask=True),
            dict(
                type='mmdet.PackDetInputs',
                meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'),
            ),
        ],
        test_mode=True,
    ),
)
val_cfg = test_cfg = dict()
val_evaluator = test_evaluator = dict(
    type='mmbarlow.COCODetectionMetric',
    data_root=data_root,
    ann_file='annotations/instances_val2017.json',
    metric=['bbox', 'segm'],
)
