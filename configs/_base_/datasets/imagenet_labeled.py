# ImageNet-1k as class folders (train/n01440764/*.JPEG, val/n01440764/*.JPEG), one view of each image.
_base_ = 'labeled.py'

data_root = 'data/imagenet'
train_dataloader = dict(
    dataset=dict(type='mmpretrain.ImageNet', data_root=data_root, split='train')
)
val_dataloader = dict(dataset=dict(type='mmpretrain.ImageNet', data_root=data_root, split='val'))
