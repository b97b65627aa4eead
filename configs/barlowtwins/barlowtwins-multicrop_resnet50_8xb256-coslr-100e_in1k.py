"""Barlow Twins with multi-crop on ImageNet-1k: two views of 224 px and six of 96 px.

    tools/dist_train.sh configs/barlowtwins/barlowtwins-multicrop_resnet50_8xb256-coslr-100e_in1k.py 8 --amp

Needs data/imagenet/{train,val}, 8 GPUs. A step has 2.1 times the pixels of one with two views. The
crops are those of SwAV (Caron et al., 2020, appendix A: 14 to 100 % and 5 to 14 % of the image). Not
run here; nobody has published Barlow Twins with multi-crop.
"""

_base_ = 'barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'
model = dict(head=dict(pairs='global-any', global_views=2))
pack = _base_.train_dataloader.dataset.pipeline[-1]
large, small = dict(crop_scale=(0.14, 1.0)), dict(crop_scale=(0.05, 0.14), blur=0.5)
views = dict(
    type='mmbarlow.MultiViews',
    size=224,
    global_views=[dict(large, blur=1.0), dict(large, blur=0.1, solarize=0.2)],
    local_size=96,
    local_views=[small] * 6,
)
train_dataloader = dict(dataset=dict(pipeline=[views, pack]))
del pack, large, small, views
train_cfg = dict(max_epochs=100)
