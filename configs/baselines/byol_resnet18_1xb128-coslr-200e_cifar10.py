"""BYOL on CIFAR-10, on the terms of Barlow Twins' config, one GPU.

    python tools/train.py configs/baselines/byol_resnet18_1xb128-coslr-200e_cifar10.py

https://arxiv.org/abs/2006.07733. Projector and predictor 1024 wide instead of 4096; the target's
momentum goes from 0.99 to 1 by a cosine, the paper's for short schedules.
Not run here yet, for want of a GPU. lightly's benchmark has this method with our optimiser, batch and
epochs, but its number and widths are not verified here; Barlow Twins there: kNN 84.2 %. What is the
same for all neighbours: docs/neighbours.md.
"""

_base_ = '../barlowtwins/barlowtwins_resnet18_1xb128-coslr-200e_cifar10.py'

model = dict(
    _delete_=True,
    type='mmpretrain.BYOL',
    data_preprocessor={{_base_.model.data_preprocessor}},  # noqa: F821
    backbone={{_base_.model.backbone}},  # noqa: F821
    base_momentum=0.01,
    neck=dict(
        type='mmpretrain.NonLinearNeck',
        in_channels=512,
        hid_channels=1024,
        out_channels=256,
        num_layers=2,
        with_bias=True,
        with_last_bn=False,
        norm_cfg=dict(type='BN1d'),
    ),
    head=dict(
        type='mmpretrain.LatentPredictHead',
        predictor=dict(
            type='mmpretrain.NonLinearNeck',
            in_channels=256,
            hid_channels=1024,
            out_channels=256,
            num_layers=2,
            with_bias=True,
            with_last_bn=False,
            with_avg_pool=False,
            norm_cfg=dict(type='BN1d'),
        ),
        # The rate of SGD is for the mean of both views' cosines, and mmpretrain has four times that.
        loss=dict(type='mmpretrain.CosineSimilarityLoss', scale_factor=0.25),
    ),
)
