# Fine masks of Cityscapes: trained on train (2,975 images), tested on val (500), from
# data_root/{leftImg8bit,gtFine}, with mmseg's crops of 769 x 769. The batch size is that of all
# processes together, MMSelfSup's 4 x 2.
_base_ = 'mmseg::_base_/datasets/cityscapes_769x769.py'

train_dataloader = dict(batch_size=8, num_workers=4)
val_evaluator = dict(type='mmbarlow.MaskMetric', prefix='cityscapes')
test_evaluator = dict(type='mmbarlow.MaskMetric', prefix='cityscapes')
val_cfg = test_cfg = dict()
