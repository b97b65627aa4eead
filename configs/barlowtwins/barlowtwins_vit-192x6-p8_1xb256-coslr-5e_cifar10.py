"""Barlow Twins for a small vision transformer on CIFAR-10, for machines without a GPU.

    OMP_NUM_THREADS=1 python tools/train.py configs/barlowtwins/barlowtwins_vit-192x6-p8_1xb256-coslr-5e_cifar10.py --amp

Six blocks of width 192 on 16 patches of 8 px, whose mean is the feature; 12 minutes on a CPU core. Its
peer is barlowtwins_resnet18-stem7_1xb256-coslr-6e_cifar10.py, all else alike: the ViT trains 0.85 times as
many images a second (median of four alternating rounds in bf16, 2026-11-27), so that its 5 epochs take
the time of the ResNet's 6. Needs CIFAR-10 as class folders, data/cifar10/{train,test}/<class>/*.jpg.
Measured over 3 seeds (2026-11-27): kNN k=200 44.6 +- 0.5 %, linear 50.4 +- 0.2; untrained 32.7 and 39.7.
"""

_base_ = 'barlowtwins_resnet18-stem7_1xb256-coslr-6e_cifar10.py'
model = dict(
    channels_last=False,
    backbone=dict(
        _delete_=True,
        type='mmpretrain.VisionTransformer',
        arch=dict(embed_dims=192, num_layers=6, num_heads=3, feedforward_channels=768),
        img_size=32,
        patch_size=8,
        out_type='avg_featmap',
    ),
    neck=dict(in_channels=192),
)
optim_wrapper = dict(
    optimizer=dict(weight_decay=0.05, betas=(0.9, 0.95)), constructor='mmbarlow.NdimParamGroups'
)
train_cfg = dict(max_epochs=5)
default_hooks = dict(export=dict(scale='5 epochs, of a vision transformer for 32 px'))
