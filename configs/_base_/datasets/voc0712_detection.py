# Boxes of PASCAL VOC: trained on trainval of 2007 and of 2012 (16,551 images), tested on test of 2007
# (4,952), from data_root/VOCdevkit/VOC2007/ and VOC2012/. Shorter side 480 to 800 in steps of 32, in
# testing 800, the longer one at most 1333. The batch size is that of all processes together.
data_root = 'data/voc'


def voc(year, split, pipeline, **kwargs):
    devkit = f'VOCdevkit/VOC{year}/'
    return dict(
        type='mmdet.VOCDataset',
        data_root=data_root,
        ann_file=f'{devkit}ImageSets/Main/{split}.txt',
        data_prefix=dict(sub_data_root=devkit),
        pipeline=[
            dict(type='LoadImageFromFile'),
            *pipeline,
        ],
        **kwargs,
    )


def trainval(year):
    return voc(
        year,
        'trainval',
        [
            dict(type='mmdet.LoadAnnotations', with_bbox=True),
            dict(type='mmbarlow.KeepDifficult'),
            dict(
                type='RandomChoiceResize',
                resize_type='mmdet.Resize',
                scales=[(1333, short) for short in range(480, 801, 32)],
                keep_ratio=True,
            ),
            dict(type='mmdet.RandomFlip', prob=0.5),
            dict(type='mmdet.PackDetInputs'),
        ],
        filter_cfg=dict(filter_empty_gt=True),
    )


train_dataloader = dict(
    batch_size=16,
    num_workers=4,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    batch_sampler=dict(type='mmdet.AspectRatioBatchSampler'),
    dataset=dict(
        type='mmdet.ConcatDataset',
        ignore_keys=['dataset_type'],  # the year
        datasets=[trainval(2007), trainval(2012)],
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=voc(
        2007,
        'test',
        [
            dict(type='mmdet.Resize', scale=(1333, 800), keep_ratio=True),
            # after Resize: the boxes are compared in the size of the file
            dict(type='mmdet.LoadAnnotations', with_bbox=True),
            dict(
                type='mmdet.PackDetInputs',
                meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'),
            ),
        ],
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
val_cfg = dict()
test_cfg = dict()
val_evaluator = dict(type='mmbarlow.VOCDetectionMetric')
test_evaluator = val_evaluator
