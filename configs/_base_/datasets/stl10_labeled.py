# STL-10 in its own format: 5,000 labeled images of 96 px, 8,000 to classify, one view of each.
_base_ = 'small_labeled.py'

data_root = 'data/stl10'


def stl10(split, loader):
    pipeline = [dict(step, size=96) if 'size' in step else step for step in loader.dataset.pipeline]
    source = dict(type='mmbarlow.STL10', data_root=data_root, split=split, download=True)
    return dict(dataset=dict(source, pipeline=pipeline))


train_dataloader = stl10('train', _base_.train_dataloader)
val_dataloader = stl10('test', _base_.val_dataloader)
