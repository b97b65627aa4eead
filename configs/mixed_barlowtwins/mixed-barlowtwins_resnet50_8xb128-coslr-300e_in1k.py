"""Mixed Barlow Twins on ImageNet-1k, 300 epochs.

    tools/dist_train.sh configs/mixed_barlowtwins/mixed-barlowtwins_resnet50_8xb128-coslr-300e_in1k.py 8 --amp

Half as many hours again as the parent. Not run here yet.
Expected: linear 72.2 (README of wgcban/mix-bt, lambda_reg 1.0), against 71.3 of its Barlow Twins.

The released ImageNet script: target of view B, factor 1/2 (so scale is lambda_reg / 2) and ramp. Where
it differs: statistics, alpha and pi are of the global batch, not of each GPU, the variance is biased
with an eps of 1e-5, and the gradient is exact.
"""

_base_ = '../barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'
model = dict(type='mmbarlow.MixedBarlowTwins', scale=0.5, warmup=10, target='released')
train_dataloader = dict(batch_size=128)
optim_wrapper = dict(
    optimizer=dict(lr=0.8),  # 0.2 x 1024 / 256
    paramwise_cfg=dict(bias_lr=0.0024),  # 0.0048 x 1024 / 256 / 8 GPUs, for the exact gradient
)
