"""Lines that use a backbone in other code; only those that hold for this one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch

from mmbarlow.checkpoints import read_checkpoint
from mmbarlow.config import type_name
from mmbarlow.models.encoder import Encoder
from mmbarlow.models.encoder_description import encoder_config

CNN = 'mmpretrain.ResNet'
SMALL_STEM = 'mmpretrain.ResNet_CIFAR'
# Arguments that mmdet's and mmseg's own ResNet has, too.
THEIRS = {'type', 'depth', 'in_channels', 'stem_channels', 'base_channels', 'style', 'norm_cfg'}
THEIRS |= {'zero_init_residual', 'out_indices'}
RESNETS = (CNN, SMALL_STEM, 'mmbarlow.PooledResNet', 'mmbarlow.SoloResNet')


class Use(NamedTuple):
    """title: a program; code: lines to paste; note: what to know of them."""

    title: str
    code: str
    note: str = ''


def uses(path: Path, size: int) -> list[Use]:
    """How to use the backbone that a finished training has left at `path`.

    Args:
        path: the file, with the description of its network.
        size: of the views in pixels.
    """
    encoder = encoder_config(read_checkpoint(path))
    if encoder is None:
        return []
    return list(_uses(str(path.resolve()), encoder, size))


def _uses(file: str, encoder: dict, size: int) -> Iterator[Use]:
    backbone = dict(encoder['backbone'], type=type_name(encoder['backbone']['type']))
    preprocessor = encoder.get('data_preprocessor') or {}
    channels, maps = _outputs(encoder, size)
    yield Use(
        'Python',
        f'from mmbarlow.apis import extract_features, get_model\n\nmodel = get_model({file!r})\n'
        f"features = extract_features(model, ['a.jpg', 'b.jpg'], size={size})"
        f'  # (2, {channels[-1]})',
    )
    yield Use(
        'Command line',
        f'mmbarlow evaluate {_quoted(file)} LABELED\n'
        f'mmbarlow embed {_quoted(file)} IMAGES --out features.npy',
        'LABELED is a folder of labeled images, IMAGES any folder.',
    )
    imports = "custom_imports = dict(imports=['mmbarlow.registered'])\n"
    own = imports * backbone['type'].startswith('mmbarlow.')
    weights = f"            type='Pretrained',\n            checkpoint={file!r},\n"
    init = f'init_cfg=dict(\n{weights}        ),'
    pixels = _pixels(preprocessor)
    yield Use(
        'mmpretrain',
        f"{own}model = dict(\n    type='ImageClassifier',\n"
        f'    backbone=dict(\n        {_arguments(backbone)},\n        {init}\n    ),\n'
        + "    neck=dict(type='GlobalAveragePooling'),\n"
        * maps
        + f"    head=dict(type='LinearClsHead', num_classes=10, in_channels={channels[-1]}),\n)\n"
        f'data_preprocessor = dict(\n    num_classes=10,\n    {pixels},\n    to_rgb=True,\n)',
        'Set num_classes to yours.',
    )
    if len(channels) == 4 and backbone['type'] in RESNETS:
        yield from _dense(backbone, channels, own, init, pixels)
    yield from _libraries(file, backbone)
    yield Use('ONNX', f'mmbarlow export {_quoted(file)} --to onnx')


def _dense(backbone: dict, channels: list[int], own: str, init: str, pixels: str) -> Iterator[Use]:
    """Detection and segmentation, whose own ResNet has the stem of 7 x 7 pixels alone."""
    plain = backbone['type'] == CNN and set(backbone) <= THEIRS
    network = {k: v for k, v in backbone.items() if k != 'out_indices'}
    deleted, every, also = '_delete_=True, ', ', out_indices=(0, 1, 2, 3)', own
    if plain:
        del network['type']
        deleted = every = ''
        if 'base_channels' in network:  # whose value is the default of their stem
            network.setdefault('stem_channels', 64)
    elif not own:
        also = "custom_imports = dict(imports=['mmpretrain.models'])\n"
    yield Use(
        'mmdet',
        f"_base_ = 'mmdet::faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py'\n{also}model = dict(\n"
        f'    data_preprocessor=dict({pixels}, bgr_to_rgb=True),\n'
        f'    backbone=dict(\n        {deleted}{_arguments(network)}{every},\n'
        f'        {init}\n    ),\n'
        f'    neck=dict(in_channels={channels}),\n)',
    )
    if plain:
        yield Use(
            'mmseg',
            "_base_ = 'mmseg::fcn/fcn_r50-d8_4xb2-40k_cityscapes-512x1024.py'\nmodel = dict(\n"
            f'    pretrained=None,\n    data_preprocessor=dict({pixels}, bgr_to_rgb=True),\n'
            f"    backbone=dict(\n        type='ResNet',\n        {_arguments(network)},\n"
            f'        {init}\n    ),\n'
            f'    decode_head=dict(in_channels={channels[3]}),\n'
            f'    auxiliary_head=dict(in_channels={channels[2]}),\n)',
        )


def _libraries(file: str, backbone: dict) -> Iterator[Use]:
    """torchvision and timm, whose plain ResNets have the same names."""
    known = {'type', 'depth', 'zero_init_residual', 'style', 'norm_cfg', 'out_indices'}
    usual = backbone.get('style', 'pytorch') == 'pytorch' and not set(backbone) - known
    usual = usual and dict(backbone.get('norm_cfg') or dict(type='BN'))['type'] in ('BN', 'SyncBN')
    if not usual or backbone['type'] not in (CNN, SMALL_STEM):
        return
    depth, small = backbone['depth'], backbone['type'] == SMALL_STEM
    stem = 'network.conv1 = torch.nn.Conv2d(3, 64, 3, padding=1, bias=False)\n' * small
    stem += 'network.maxpool = torch.nn.Identity()\n' * small
    load = f"weights = torch.load({file!r}, weights_only=True)['state_dict']\n"
    yield Use(
        'torchvision',
        f'import torch\nimport torchvision\n\nnetwork = torchvision.models.resnet{depth}()\n'
        f'network.fc = torch.nn.Identity()  # representations, not classes\n{stem}{load}'
        'network.load_state_dict(weights)',
    )
    yield Use(
        'timm',
        f'import timm\nimport torch\n\n'
        f"network = timm.create_model('resnet{depth}', num_classes=0)\n"
        f'{stem}{load}network.load_state_dict(weights)',
    )


@torch.no_grad()
def _outputs(encoder: dict, size: int) -> tuple[list[int], bool]:
    """Channels of each output that the backbone can give, and whether the last is a map."""
    backbone = dict(encoder['backbone'])
    if type_name(backbone['type']) in RESNETS:
        backbone['out_indices'] = (0, 1, 2, 3)
    network = Encoder(backbone).eval()
    images = torch.zeros(1, backbone.get('in_channels', 3), size, size)
    found = network.backbone(images)
    last = found[-1] if isinstance(found, tuple | list) else found
    if isinstance(found, tuple) and 'out_indices' in backbone:
        return [x.shape[1] for x in found], last.ndim == 4
    return [network(images).shape[1]], getattr(last, 'ndim', 0) == 4


def _arguments(config: dict) -> str:
    return ', '.join(f'{key}={value!r}' for key, value in config.items())


def _pixels(preprocessor: dict[str, Any]) -> str:
    mean, std = (preprocessor.get(key) for key in ('mean', 'std'))
    return f'mean={mean or [0.0] * 3}, std={std or [1.0] * 3}'


def _quoted(file: str) -> str:
    return json.dumps(file) if ' ' in file else file
