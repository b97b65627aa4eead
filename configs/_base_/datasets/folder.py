# A folder of images, nested or not, without labels: pretraining only.
_base_ = 'two_views.py'

data_root = 'data/images'
train_dataloader = dict(dataset=dict(type='mmbarlow.ImageFolder', data_root=data_root))
