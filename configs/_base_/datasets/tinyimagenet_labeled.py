# Tiny ImageNet in its official layout: 64 px, one view of each image.
_base_ = 'small_labeled.py'

data_root = 'data/tiny-imagenet-200'


def tiny(split, loader):
    pipeline = [dict(step, size=64) if 'size' in step else step for step in loader.dataset.pipeline]
    source = dict(type='mmbarlow.TinyImageNet', data_root=data_root, split=split)
    return dict(dataset=dict(source, pipeline=pipeline))


train_dataloader = tiny('train', _base_.train_dataloader)
val_dataloader = tiny('val', _base_.val_dataloader)
