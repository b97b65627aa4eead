# SimCLR, https://arxiv.org/abs/2002.05709. Both views go through the network as one batch, and BN with
# them, as in the paper's code; temperature 0.5, the paper's for CIFAR-10 (mmpretrain: 0.1, for
# ImageNet).
_base_ = 'barlowtwins_resnet18_small.py'

model = dict(
    _delete_=True,
    type='mmpretrain.SimCLR',
    data_preprocessor=_base_.model.data_preprocessor,
    backbone=_base_.model.backbone,
    neck=dict(
        type='mmpretrain.NonLinearNeck',
        in_channels=512,
        hid_channels=512,
        out_channels=128,
        num_layers=2,
        norm_cfg=dict(type='BN1d'),
    ),
    head=dict(
        type='mmpretrain.ContrastiveHead',
        loss=dict(type='mmpretrain.CrossEntropyLoss'),
        temperature=0.5,
    ),
)
