# The backbone of barlowtwins_resnet18_small.py, trained with labels.
_base_ = 'barlowtwins_resnet18_small.py'

model = dict(
    _delete_=True,
    type='mmbarlow.Supervised',
    data_preprocessor=_base_.model.data_preprocessor,
    backbone=_base_.model.backbone,
    head=dict(
        type='mmpretrain.LinearClsHead',
        num_classes=10,
        loss=dict(type='mmpretrain.CrossEntropyLoss'),
    ),
)
