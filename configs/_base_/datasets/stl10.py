# STL-10 in its own format, downloaded where there is a network: 96 px. Trained on its 100,000 images
# without a class and 5,000 with one; its kNN has these 5,000 for a bank and classifies 8,000.
_base_ = 'small_images.py'

data_root = 'data/stl10'


def stl10(split, loader):
    view, pack = loader.dataset.pipeline
    source = dict(type='mmbarlow.STL10', data_root=data_root, split=split, download=True)
    return dict(dataset=dict(source, pipeline=[dict(view, size=96), pack]))


train_dataloader = stl10('train+unlabeled', _base_.train_dataloader)
view, pack = _base_.whole_images
whole_images = [dict(view, size=96), pack]
del view, pack
val_dataloader = test_dataloader = stl10('test', _base_.val_dataloader)
val_cfg = test_cfg = dict(bank_dataloader=stl10('train', _base_.val_dataloader))
