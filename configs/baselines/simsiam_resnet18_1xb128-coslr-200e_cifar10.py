"""SimSiam on CIFAR-10, on the terms of Barlow Twins' config, one GPU.

    python tools/train.py configs/baselines/simsiam_resnet18_1xb128-coslr-200e_cifar10.py

Not run here yet. Expected: no number is verified (docs/baselines.md).
"""

_base_ = [
    '../_base_/models/simsiam_small.py',
    '../_base_/datasets/cifar10.py',
    '../_base_/schedules/sgd_200e.py',
    '../_base_/pretrain_runtime.py',
]

# As in Barlow Twins' config, workers load the images and the device makes the views.
model = dict(
    data_preprocessor=dict(
        type='mmbarlow.BatchTwinViews',
        size=32,
        view_a=dict(interpolation='bilinear'),
        view_b=dict(interpolation='bilinear', solarize=0.2),
    ),
)
train_dataloader = dict(dataset=dict(pipeline=_base_.whole_images))
optim_wrapper = dict(paramwise_cfg=dict(custom_keys=dict(predictor=dict(fix_lr=True))))
# The rate is set every step, since the schedule moves it every step.
custom_hooks = [
    dict(type='mmpretrain.SimSiamHook', fix_pred_lr=True, lr=0.06, adjust_by_epoch=False)
]
