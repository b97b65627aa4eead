# Boxes of PASCAL VOC: trained on trainval of 2007 and of 2012 (16,551 images), tested on test of 2007
# (4,952), from data_root/VOCdevkit/VOC2007/ and VOC2012/. Shorter side 480 to 800 in steps of 32;
# all else, testing too, as coco_detection.py has it.
_base_ = 'coco_detection.py'

data_root = 'data/voc'
boxes = dict(type='mmbarlow.LoadVOCAnnotations', with_bbox=True)
load, _, resize, flip, pack = _base_.train_dataloader.dataset.pipeline
resize = dict(resize, scales=[(1333, short) for short in range(480, 801, 32)])
train_pipeline = [load, boxes, dict(type='mmbarlow.KeepDifficult'), resize, flip, pack]
load, resize, _, pack = _base_.val_dataloader.dataset.pipeline
test_pipeline = [load, resize, boxes, pack]


def voc(year, split, pipeline, **kwargs):
    devkit = f'VOCdevkit/VOC{year}/'
    return dict(
        type='mmdet.VOCDataset',
        data_root=data_root,
        ann_file=f'{devkit}ImageSets/Main/{split}.txt',
        data_prefix=dict(sub_data_root=devkit),
        pipeline=pipeline,
        **kwargs,
    )


train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='mmdet.ConcatDataset',
        ignore_keys=['dataset_type'],  # the year
        datasets=[
            voc(year, 'trainval', train_pipeline, filter_cfg=dict(filter_empty_gt=True))
            for year in (2007, 2012)
        ],
    ),
)
val_dataloader = test_dataloader = dict(
    dataset=dict(voc(2007, 'test', test_pipeline, test_mode=True), _delete_=True)
)
val_evaluator = test_evaluator = dict(
    _delete_=True, type='mmbarlow.VOCDetectionMetric', last_pixel=False
)
del boxes, load, resize, flip, pack, _, train_pipeline, test_pipeline
