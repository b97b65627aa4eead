# Places205 (places.csail.mit.edu) with the lists that tools/converters/places205.py makes.
_base_ = 'labeled.py'

data_root = 'data/places205'
source = dict(
    type='mmpretrain.CustomDataset',
    data_root=data_root,
    data_prefix='data/vision/torralba/deeplearning/images256',
)
train_dataloader = dict(dataset=dict(source, ann_file='meta/train.txt'))
val_dataloader = dict(dataset=dict(source, ann_file='meta/val.txt'))
del source
