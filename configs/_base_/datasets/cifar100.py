# CIFAR-100, as cifar10.py has CIFAR-10.
_base_ = 'cifar10.py'

data_root = 'data/cifar100'
images = dict(dataset=dict(type='mmpretrain.CIFAR100', data_root=data_root))
train_dataloader = val_dataloader = test_dataloader = images
val_cfg = test_cfg = dict(bank_dataloader=images)
del images
