# iNaturalist 2018 (github.com/visipedia/inat_comp) with the lists that
# tools/converters/inat18.py makes.
_base_ = 'labeled.py'

data_root = 'data/inat18'
source = dict(type='mmpretrain.CustomDataset', data_root=data_root)
train_dataloader = dict(dataset=dict(source, ann_file='meta/train.txt'))
val_dataloader = dict(dataset=dict(source, ann_file='meta/val.txt'))
del source
