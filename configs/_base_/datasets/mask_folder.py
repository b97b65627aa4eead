# A user's own images and masks (`mmbarlow.MaskFolder`), with mmseg's pipeline of VOC: shorter side at
# most 512, scaled by 0.5 to 2, crops of 512 x 512. The batch size is that of all processes together.
_base_ = 'mmseg::_base_/datasets/pascal_voc12.py'

data_root = 'data/masks'


def own(split, pipeline, **kwargs):
    return dict(
        _delete_=True,
        type='mmbarlow.MaskFolder',
        data_root=data_root,
        split=split,
        pipeline=pipeline,
        **kwargs,
    )


train_dataloader = dict(batch_size=16, dataset=own('train', _base_.train_pipeline))  # noqa: F821
val_dataloader = dict(dataset=own('val', _base_.test_pipeline, test_mode=True))  # noqa: F821
test_dataloader = dict(dataset=own('val', _base_.test_pipeline, test_mode=True))  # noqa: F821
val_evaluator = dict(type='mmbarlow.MaskMetric', prefix='own')
test_evaluator = dict(type='mmbarlow.MaskMetric', prefix='own')
val_cfg = test_cfg = dict()
