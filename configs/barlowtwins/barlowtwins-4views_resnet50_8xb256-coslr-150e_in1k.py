"""Barlow Twins with four views of each image on ImageNet-1k, for half of the epochs.

    tools/dist_train.sh configs/barlowtwins/barlowtwins-4views_resnet50_8xb256-coslr-150e_in1k.py 8 --amp

Needs data/imagenet/{train,val}, 8 GPUs, with memory for four views of 256 images each (or
model.chunk_size). It shows the network as many views as barlowtwins_resnet50_8xb256-coslr-300e_in1k.py,
two of each of that recipe's two distributions. Not run here; nobody has published Barlow Twins with more
than two views.
"""

_base_ = 'barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'
twins, pack = _base_.train_dataloader.dataset.pipeline
views = dict(type='mmbarlow.MultiViews', size=224, global_views=[twins.view_a, twins.view_b] * 2)
train_dataloader = dict(dataset=dict(pipeline=[views, pack]))
del twins, pack, views
train_cfg = dict(max_epochs=150)
