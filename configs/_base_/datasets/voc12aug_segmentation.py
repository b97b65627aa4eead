# Masks of PASCAL VOC 2012: trained on its train set and the masks of SBD (10,582 images), tested on
# val (1,449), from data_root/{JPEGImages,SegmentationClass,SegmentationClassAug,ImageSets}. mmseg's
# pipeline: shorter side at most 512, scaled by 0.5 to 2, crops of 512 x 512. The batch size is that
# of all processes together, MMSelfSup's 4 x 4.
_base_ = 'mmseg::_base_/datasets/pascal_voc12_aug.py'

train_dataloader = dict(batch_size=16)
val_evaluator = dict(type='mmbarlow.MaskMetric', prefix='voc')
test_evaluator = dict(type='mmbarlow.MaskMetric', prefix='voc')
val_cfg = test_cfg = dict()
