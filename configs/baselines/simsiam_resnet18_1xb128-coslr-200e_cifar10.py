"""SimSiam on CIFAR-10, on the terms of Barlow Twins' config, one GPU.

    python tools/train.py configs/baselines/simsiam_resnet18_1xb128-coslr-200e_cifar10.py

https://arxiv.org/abs/2011.10566: a projector of two layers, as the paper has for CIFAR-10, and the
predictor's learning rate does not decay.
Not run here yet, for want of a GPU. lightly's benchmark has this method with our optimiser, batch and
epochs, but its number and widths are not verified here; Barlow Twins there: kNN 84.2 %. What is the
same for all neighbours: docs/neighbours.md.
"""

_base_ = '../barlowtwins/barlowtwins_resnet18_1xb128-coslr-200e_cifar10.py'

model = dict(
    _delete_=True,
    type='mmpretrain.SimSiam',
    data_preprocessor={{_base_.model.data_preprocessor}},  # noqa: F821
    backbone={{_base_.model.backbone}},  # noqa: F821
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
optim_wrapper = dict(paramwise_cfg=dict(custom_keys=dict(predictor=dict(fix_lr=True))))
# The rate is set every step, since the schedule moves it every step.
custom_hooks = [
    dict(type='mmpretrain.SimSiamHook', fix_pred_lr=True, lr=0.06, adjust_by_epoch=False),
]
