# CIFAR-10 as class folders (train/airplane/*.jpg, test/airplane/*.jpg), one view of each image.
_base_ = 'small_labeled.py'

data_root = 'data/cifar10'
source = dict(type='mmbarlow.ClassFolders', data_root=data_root)
train_dataloader = dict(dataset=dict(source, data_prefix='train'))
val_dataloader = dict(dataset=dict(source, data_prefix='test'))
del source
