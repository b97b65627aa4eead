# CIFAR-100 in its own format, one view of each image; downloaded where there is a network.
_base_ = 'small_labeled.py'

data_root = 'data/cifar100'
source = dict(type='mmpretrain.CIFAR100', data_root=data_root, download=True)
train_dataloader = dict(dataset=dict(source, split='train'))
val_dataloader = dict(dataset=dict(source, split='test'))
del source
