# CIFAR-10 as class folders (train/airplane/*.jpg, test/airplane/*.jpg).
_base_ = 'small_images.py'

data_root = 'data/cifar10'


def folders(split):
    source = dict(type='mmbarlow.ClassFolders', data_root=data_root, data_prefix=split)
    return dict(dataset=source)


train_dataloader = folders('train')
val_dataloader = test_dataloader = folders('test')
val_cfg = test_cfg = dict(bank_dataloader=folders('train'))
