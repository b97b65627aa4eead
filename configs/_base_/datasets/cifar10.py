# CIFAR-10 in its own format, downloaded where there is a network.
_base_ = 'small_images.py'

data_root = 'data/cifar10'


def cifar10(split):
    source = dict(type='mmpretrain.CIFAR10', data_root=data_root, split=split, download=True)
    return dict(dataset=source)


train_dataloader = cifar10('train')
val_dataloader = test_dataloader = cifar10('test')
val_cfg = test_cfg = dict(bank_dataloader=cifar10('train'))
