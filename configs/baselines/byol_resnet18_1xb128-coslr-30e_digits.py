"""BYOL on digits, on the terms of Barlow Twins' config: minutes on two CPU cores.

    OMP_NUM_THREADS=1 python tools/train.py configs/baselines/byol_resnet18_1xb128-coslr-30e_digits.py

Widths are those of the Barlow Twins config; else as the config for CIFAR-10.
Measured over 2 seeds (2026-11-21): kNN with 5 labels a class 62.7 +- 10.1 %, k=10 87.1, linear 91.2;
untrained 69.1, 92.3 and 93.0, Barlow Twins 87.7 +- 1.7, 95.6 and 96.3.
"""

_base_ = '../barlowtwins/barlowtwins_resnet18_1xb128-coslr-30e_digits.py'

model = dict(
    _delete_=True,
    type='mmpretrain.BYOL',
    data_preprocessor={{_base_.model.data_preprocessor}},  # noqa: F821
    backbone={{_base_.model.backbone}},  # noqa: F821
    base_momentum=0.01,
    neck=dict(
        type='mmpretrain.NonLinearNeck',
        in_channels=256,
        hid_channels=512,
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
            hid_channels=512,
            out_channels=256,
            num_layers=2,
            with_bias=True,
            with_last_bn=False,
            with_avg_pool=False,
            norm_cfg=dict(type='BN1d'),
        ),
        loss=dict(type='mmpretrain.CosineSimilarityLoss'),
    ),
)
# In 20 epochs 66.1 %; with the AdamW of the others 62.4 and, at 3e-4, 56.9; with SGD at 0.02 58.3,
# and with the target's momentum at 0.95 58.8.
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='SGD', lr=0.06, momentum=0.9, weight_decay=5e-4)
)
custom_hooks = [
    dict(type='mmbarlow.FiniteLossHook'),
    dict(type='mmbarlow.ExportHook', dataset='digits', model='byol'),
]
