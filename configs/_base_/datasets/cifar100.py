# CIFAR-100 in its own format, downloaded where there is a network.
_base_ = 'small_images.py'

data_root = 'data/cifar100'


def cifar100(split):
    source = dict(type='mmpretrain.CIFAR100', data_root=data_root, split=split, download=True)
    return dict(dataset=source)


train_dataloader = cifar100('train')
val_dataloader = cifar100('test')
val_cfg = dict(bank_dataloader=cifar100('train'))
test_dataloader = val_dataloader
test_cfg = val_cfg
