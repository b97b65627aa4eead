"""DeCUR on two modalities of CIFAR-10 for machines without a GPU: luminance, and color without it.

    OMP_NUM_THREADS=1 python tools/train.py configs/two_modalities/decur_resnet18-stem7-c32_1xb256-coslr-2e_cifar10_ycbcr.py

Needs CIFAR-10 as two folders, train/luminance/<class>/*.png of one channel and train/chroma/<class>/*.png
of three: docs/pairs.md makes them. An encoder for each, the loss of DeCUR between and within them.
Measured with every tenth training and every fifth test image, one seed (2026-11-27): kNN k=20 35.3 % of
luminance, 30.6 of chroma, 40.6 of both, linear 38.2, 33.9 and 43.7; untrained 28.9, 28.9, 32.8 and 31.6, 28.9, 36.5.
"""

_base_ = [
    '../_base_/datasets/two_views.py',
    '../_base_/schedules/adamw_30e.py',
    '../_base_/pretrain_runtime.py',
]

data_root = 'data/cifar10_ycbcr'
# Luminance has no color to change, and color without luminance is nothing in gray.
luminance = dict(interpolation='bilinear', saturation=0.0, hue=0.0, gray=0.0)
chroma = dict(interpolation='bilinear', gray=0.0)
train_dataloader = dict(
    num_workers=1,
    dataset=dict(
        type='mmbarlow.PairedImages',
        data_root=data_root,
        folders=('train/luminance', 'train/chroma'),
        pipeline=[
            dict(
                type='mmbarlow.PairedViews',
                size=32,
                view_a=[luminance, dict(luminance, solarize=0.2)],
                view_b=[chroma, chroma],
                channels=(1, None),
            ),
            dict(type='mmpretrain.PackInputs', meta_keys=('skipped',)),
        ],
    ),
)
del luminance, chroma


def encoder(channels, mean, std):
    return dict(
        data_preprocessor=dict(
            type='mmpretrain.SelfSupDataPreprocessor', mean=mean, std=std, non_blocking=True
        ),
        backbone=dict(
            type='mmpretrain.ResNet',
            depth=18,
            in_channels=channels,
            base_channels=32,
            stem_channels=32,
            zero_init_residual=False,
        ),
        neck=dict(
            type='mmbarlow.BarlowTwinsNeck',
            in_channels=256,
            hid_channels=1024,
            out_channels=1024,
            num_layers=2,
        ),
        head=dict(type='mmbarlow.CrossCorrelationHead', in_channels=1024, lambd=0.005),
    )


model = dict(
    type='mmbarlow.TwoModalityBarlowTwins',
    modalities=dict(
        luminance=encoder(1, [121.0], [61.0]),
        chroma=encoder(3, [129.0, 128.0, 118.0], [18.0, 7.0, 27.0]),
    ),
    # 7/8 of the dimensions, as for SAR and optical images (decur_resnet50_4xb64-coslr-100e_ssl4eo)
    head=dict(type='mmbarlow.CommonUniqueHead', in_channels=1024, common=896, lambd=0.005),
    channels_last=True,
)
param_scheduler = dict(warmup=0)
train_cfg = dict(max_epochs=2)
default_hooks = dict(
    export=dict(scale='2 epochs, half of the channels, and the ImageNet stem on 32 px')
)
