"""The networks whose training steps are timed, as configs of mmbarlow and of mmpretrain."""

import copy
from typing import Any

from mmengine.config import Config

from mmbarlow.models.width import with_width
from mmbarlow.paths import CONFIGS
from mmbarlow.registry import MODELS


def shipped(name: str, size: int) -> dict[str, Any]:
    """Backbone and projector of a file of configs/_base_/models/, for images of `size` pixels."""
    model = Config.fromfile(CONFIGS / '_base_' / 'models' / f'{name}.py').model.to_dict()
    return dict(backbone=model['backbone'], neck=model['neck'], size=size)


NETWORKS = dict(
    resnet50=shipped('barlowtwins_resnet50', 224),
    resnet18=shipped('barlowtwins_resnet18_small', 32),
    **{'vit-small': shipped('barlowtwins_vit-small', 224)},
)


def of_width(network: dict, width: int | None) -> dict:
    """The network with another width of its projector, if one is given."""
    neck = dict(hid_channels=width, out_channels=width) if width else {}
    return dict(network, neck=network['neck'] | neck)


def ours(network: dict) -> dict:
    """The config of mmbarlow's model."""
    head = dict(type='mmbarlow.CrossCorrelationHead', in_channels=network['neck']['out_channels'])
    parts = dict(backbone=network['backbone'], neck=network['neck'], head=head)
    return copy.deepcopy(dict(type='mmbarlow.BarlowTwins', **parts))


def theirs(network: dict) -> dict:
    """The config of mmpretrain's model, with the same network in it."""
    backbone = MODELS.build(copy.deepcopy(network['backbone']))
    neck = dict(num_layers=3) | with_width(network['neck'], backbone)
    neck |= dict(type='mmpretrain.NonLinearNeck', with_last_bn=False, with_last_bn_affine=False)
    neck |= dict(with_avg_pool='out_type' not in network['backbone'], norm_cfg=dict(type='BN1d'))
    loss = dict(type='mmpretrain.CrossCorrelationLoss')
    head = dict(type='mmpretrain.LatentCrossCorrelationHead', in_channels=neck['out_channels'])
    images = dict(type='mmpretrain.SelfSupDataPreprocessor')
    parts = dict(backbone=network['backbone'], neck=neck, head=dict(head, loss=loss))
    return copy.deepcopy(dict(type='mmpretrain.BarlowTwins', data_preprocessor=images, **parts))
