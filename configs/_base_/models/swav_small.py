# SwAV without multi-crop, https://arxiv.org/abs/2006.09882: of the two views alone, and without a
# queue. 512 prototypes instead of 3000, still 51 for each class of CIFAR-10.
_base_ = 'barlowtwins_resnet18_small.py'

model = dict(
    _delete_=True,
    type='mmpretrain.SwAV',
    data_preprocessor=_base_.model.data_preprocessor,
    backbone=_base_.model.backbone,
    neck=dict(
        type='mmpretrain.SwAVNeck',
        in_channels=512,
        hid_channels=512,
        out_channels=128,
        norm_cfg=dict(type='BN1d'),
    ),
    head=dict(
        type='mmpretrain.SwAVHead',
        loss=dict(type='mmpretrain.SwAVLoss', feat_dim=128, num_prototypes=512),
    ),
)
