"""Barlow Twins on ImageNet-1k whose views grow from 160 to 224 px and are made on the GPUs.

    tools/dist_train.sh configs/barlowtwins/barlowtwins-progressive_resnet50_8xb256-coslr-100e_in1k.py 8 --amp

Needs data/imagenet/{train,val}, 8 GPUs. Views of 160, 192 and 224 px have 0.51, 0.73 and 1 times the
pixels, so that the 100 epochs have the pixels of 75. The last third is at full size, as the features
are used. With a file of decoded images (docs/views.md), workers decode nothing:

    --cfg-options train_dataloader.dataset.type=mmbarlow.RawCache train_dataloader.dataset.data_root=imagenet.raw

Not run here; no number is published for it.
"""

_base_ = 'barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'
model = dict(data_preprocessor=dict(type='mmbarlow.PackedTwinViews'))
views, pack = _base_.train_dataloader.dataset.pipeline
crops = dict(views, type='mmbarlow.TwinCrops', size=[(0, 160), (34, 192), (67, 224)])
train_dataloader = dict(
    collate_fn=dict(type='mmbarlow.pack_crops'), dataset=dict(pipeline=[crops, pack])
)
del views, pack, crops
train_cfg = dict(max_epochs=100)
