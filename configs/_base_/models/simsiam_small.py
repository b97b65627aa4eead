# SimSiam, https://arxiv.org/abs/2011.10566: a projector of two layers, as the paper has for CIFAR-10,
# and a predictor with a bottleneck of a quarter, whose learning rate the configs keep from decaying.
_base_ = 'barlowtwins_resnet18_small.py'

model = dict(
    _delete_=True,
    type='mmpretrain.SimSiam',
    data_preprocessor=_base_.model.data_preprocessor,
    backbone=_base_.model.backbone,
    neck=dict(
        type='mmpretrain.NonLinearNeck',
        in_channels=512,
        hid_channels=2048,
        out_channels=2048,
        num_layers=2,
        with_last_bn_affine=False,
        norm_cfg=dict(type='BN1d'),
    ),
    head=dict(
        type='mmpretrain.LatentPredictHead',
        predictor=dict(
            type='mmpretrain.NonLinearNeck',
            in_channels=2048,
            hid_channels=512,
            out_channels=2048,
            with_avg_pool=False,
            with_last_bn=False,
            with_last_bias=True,
            norm_cfg=dict(type='BN1d'),
        ),
        loss=dict(type='mmpretrain.CosineSimilarityLoss'),
    ),
)
