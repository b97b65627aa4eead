# Your own images with annotations in COCO's format, as coco_detection.py reads COCO. What is None or
# empty is found in the files before the training (mmbarlow/detection/own_data.py): the annotations of
# both parts, the folders of their images, and the classes. `annotations.train=FILE` and
# `annotations.val=FILE`, relative to data_root, name them.
_base_ = 'coco_detection.py'

data_root = 'data/own'
annotations = dict(train=None, val=None)
_part = dict(data_root=data_root, ann_file='', data_prefix=dict(img=''))
train_dataloader = dict(dataset=_part)
val_dataloader = test_dataloader = dict(dataset=_part)
val_evaluator = test_evaluator = dict(data_root=data_root, ann_file='')
del _part
