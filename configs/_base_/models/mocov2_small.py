# MoCo v2, https://arxiv.org/abs/2003.04297, temperature 0.2 as there. Momentum 0.99 and a queue of
# 4096, not 0.999 and 65536: small data sets want a queue shorter than an epoch, and keys that are as
# young.
_base_ = 'barlowtwins_resnet18_small.py'

model = dict(
    _delete_=True,
    type='mmpretrain.MoCo',
    data_preprocessor=_base_.model.data_preprocessor,
    backbone=_base_.model.backbone,
    queue_len=4096,
    feat_dim=128,
    momentum=0.01,
    neck=dict(type='mmpretrain.MoCoV2Neck', in_channels=512, hid_channels=512, out_channels=128),
    head=dict(
        type='mmpretrain.ContrastiveHead',
        loss=dict(type='mmpretrain.CrossEntropyLoss'),
        temperature=0.2,
    ),
)
