"""The networks whose training steps are timed, as configs of ours and of mmpretrain."""

import copy
from typing import Any

# Those of configs/_base_/models/: name, side of the images, projector.
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
    """Config of mmbarlow's model."""
    neck = dict(
        type='mmbarlow.BarlowTwinsNeck',
        in_channels=network['channels'],
        hid_channels=network['width'],
        out_channels=network['width'],
        num_layers=network['layers'],
    )
    head = dict(type='mmbarlow.CrossCorrelationHead', in_channels=network['width'])
    backbone = copy.deepcopy(network['backbone'])
    return dict(type='mmbarlow.BarlowTwins', backbone=backbone, neck=neck, head=head)


def theirs(network: dict) -> dict:
    """Config of mmpretrain's model, with the same network in it."""
    neck = dict(
        type='mmpretrain.NonLinearNeck',
        in_channels=network['channels'],
        hid_channels=network['width'],
        out_channels=network['width'],
        num_layers=network['layers'],
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
    backbone = copy.deepcopy(network['backbone'])
    images = dict(type='mmpretrain.SelfSupDataPreprocessor')
    parts = dict(data_preprocessor=images, backbone=backbone, neck=neck, head=head)
    return dict(type='mmpretrain.BarlowTwins', **parts)
