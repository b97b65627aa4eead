# Tiny ImageNet in its official layout: 64 px, 200 classes; see mmbarlow.TinyImageNet.
_base_ = 'small_images.py'

data_root = 'data/tiny-imagenet-200'


def tiny(split, loader):
    view, pack = loader.dataset.pipeline
    source = dict(type='mmbarlow.TinyImageNet', data_root=data_root, split=split)
    return dict(dataset=dict(source, pipeline=[dict(view, size=64), pack]))


train_dataloader = tiny('train', _base_.train_dataloader)
view, pack = _base_.whole_images
whole_images = [dict(view, size=64), pack]
del view, pack
val_dataloader = test_dataloader = tiny('val', _base_.val_dataloader)
val_cfg = test_cfg = dict(bank_dataloader=tiny('train', _base_.val_dataloader))
