"""The networks whose training steps are timed, as configs of mmbarlow and of mmpretrain."""

import copy
from typing import Any

# Those of configs/_base_/models/. `size` is the side of the images in pixels; `width` and `layers`
# are of the projector, which takes `channels`.
NETWORKS: dict[str, dict[str, Any]] = dict(
    resnet50=dict(
        backbone=dict(type='mmpretrain.ResNet', depth=50, zero_init_residual=True),
        channels=2048,
        size=224,
        width=8192,
        layers=3,
    ),
    resnet18=dict(
        backbone=dict(type='mmpretrain.ResNet_CIFAR', depth=18),
        channels=512,
        size=32,
        width=2048,
        layers=2,
    ),
)


def ours(network: dict) -> dict:
    """The config of mmbarlow's model."""
    head = dict(type='mmbarlow.CrossCorrelationHead', in_channels=network['width'])
    return dict(
        type='mmbarlow.BarlowTwins',
        backbone=copy.deepcopy(network['backbone']),
        neck=dict(type='mmbarlow.BarlowTwinsNeck', **layers(network)),
        head=head,
    )


def theirs(network: dict) -> dict:
    """The config of mmpretrain's model, with the same network in it."""
    neck = dict(
        type='mmpretrain.NonLinearNeck',
        **layers(network),
        with_last_bn=False,
        with_last_bn_affine=False,
        with_avg_pool=True,
        norm_cfg=dict(type='BN1d'),
    )
    head = dict(
        type='mmpretrain.LatentCrossCorrelationHead',
        in_channels=network['width'],
        loss=dict(type='mmpretrain.CrossCorrelationLoss'),
    )
    return dict(
        type='mmpretrain.BarlowTwins',
        data_preprocessor=dict(type='mmpretrain.SelfSupDataPreprocessor'),
        backbone=copy.deepcopy(network['backbone']),
        neck=neck,
        head=head,
    )


def layers(network: dict) -> dict:
    """The arguments of either projector."""
    width = network['width']
    return dict(
        in_channels=network['channels'],
        hid_channels=width,
        out_channels=width,
        num_layers=network['layers'],
    )
