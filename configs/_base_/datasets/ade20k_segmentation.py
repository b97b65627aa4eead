# Masks of ADE20K: trained on training (20,210 images), tested on validation (2,000), from
# data_root/{images,annotations}, with mmseg's crops of 512 x 512. The batch size is that of all
# processes together.
_base_ = 'mmseg::_base_/datasets/ade20k.py'

train_dataloader = dict(batch_size=16)
val_evaluator = dict(type='mmbarlow.MaskMetric', prefix='ade20k')
test_evaluator = dict(type='mmbarlow.MaskMetric', prefix='ade20k')
val_cfg = test_cfg = dict()
