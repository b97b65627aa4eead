"""The Imagenette recipe at 160 px: 100 tokens instead of 196, one GPU.

    python tools/train.py configs/barlowtwins/barlowtwins_vit-small-p16-160px_1xb256-coslr-200e_imagenette.py --amp --cfg-options data_root=data/imagenette2-160

Needs data/imagenette2-160/{train,val}, whose shorter sides have 160 px, or the full size. Not run here yet; no
number is published for it. --suite imagenette measures at 224 px, for which the positions are
interpolated.
"""

_base_ = 'barlowtwins_vit-small-p16_1xb256-coslr-200e_imagenette.py'

model = dict(backbone=dict(img_size=160))
views, pack = _base_.train_dataloader.dataset.pipeline
train_dataloader = dict(dataset=dict(pipeline=[dict(views, size=160), pack]))
plain = dict(
    dataset=dict(
        pipeline=[
            dict(type='mmbarlow.CenterView', size=160, resize=183),
            dict(type='mmpretrain.PackInputs'),
        ]
    )
)
val_dataloader = test_dataloader = plain
val_cfg = test_cfg = dict(bank_dataloader=plain)
del views, pack, plain
