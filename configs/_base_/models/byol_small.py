# BYOL, https://arxiv.org/abs/2006.07733. Projector and predictor are 1024 wide instead of 4096; the
# target's momentum goes from 0.99 to 1 by a cosine, the paper's for short schedules.
_base_ = 'barlowtwins_resnet18_small.py'


def mlp(in_channels, **kwargs):
    return dict(
        type='mmpretrain.NonLinearNeck',
        in_channels=in_channels,
        hid_channels=1024,
        out_channels=256,
        num_layers=2,
        with_bias=True,
        with_last_bn=False,
        norm_cfg=dict(type='BN1d'),
        **kwargs,
    )


model = dict(
    _delete_=True,
    type='mmpretrain.BYOL',
    data_preprocessor=_base_.model.data_preprocessor,
    backbone=_base_.model.backbone,
    base_momentum=0.01,
    neck=mlp(512),
    head=dict(
        type='mmpretrain.LatentPredictHead',
        predictor=mlp(256, with_avg_pool=False),
        loss=dict(type='mmpretrain.CosineSimilarityLoss'),
    ),
)
