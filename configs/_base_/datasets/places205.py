# Places205 (places.csail.mit.edu) with the lists that tools/converters/places205.py makes.
_base_ = 'inat18.py'

data_root = 'data/places205'
source = dict(data_root=data_root, data_prefix='data/vision/torralba/deeplearning/images256')
train_dataloader = val_dataloader = dict(dataset=source)
del source
