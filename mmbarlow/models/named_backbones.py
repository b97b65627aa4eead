"""Backbones by the names that people know them by."""

import difflib
from typing import Any

import torch
from torch import nn

from mmbarlow.config_files import explained
from mmbarlow.errors import InputError
from mmbarlow.models.image_channels import takes
from mmbarlow.models.image_size import channels_of, check_size
from mmbarlow.models.pooling import layout_of, pooled
from mmbarlow.registry import MODELS

TIMM = 'timm/'
TOKENS = dict(type='mmpretrain.VisionTransformer', out_type='avg_featmap')  # their average
NAMES: dict[str, dict[str, Any]] = {
    **{f'resnet{depth}': dict(depth=depth) for depth in (18, 34, 50, 101, 152)},
    **{
        f'convnext_{size}': dict(type='mmpretrain.ConvNeXt', arch=size)
        for size in ('tiny', 'small', 'base')
    },
    **{f'vit_{size}': dict(TOKENS, arch=f'deit-{size}') for size in ('tiny', 'small', 'base')},
}
# Of mmpretrain's classes, where they have no default: the smallest.
REQUIRED: dict[str, dict[str, Any]] = {
    **{kind: dict(depth=18) for kind in ('ResNet', 'ResNetV1c', 'ResNetV1d', 'ResNet_CIFAR')},
    **{kind: dict(depth=50) for kind in ('ResNeXt', 'ResNeSt', 'Res2Net', 'SEResNet', 'SEResNeXt')},
    **dict(CSPDarkNet=dict(depth=53), CSPResNet=dict(depth=50), CSPResNeXt=dict(depth=50)),
    **dict(VGG=dict(depth=11), RegNet=dict(arch='regnetx_400mf'), RepVGG=dict(arch='A0')),
    **{kind: dict(arch='small') for kind in ('PCPVT', 'SVT')},
    **{kind: dict(arch='tiny') for kind in ('Vig', 'PyramidVig')},
    **dict(MobileOne=dict(arch='s0'), LeViT=dict(arch='128s')),
    **dict(RepLKNet=dict(arch='31B'), RepMLPNet=dict(arch='b')),
}
NONE = {  # of mmpretrain's classes that are no backbones by themselves, with the reason
    'TIMMBackbone': 'needs the name of a network: take timm/NAME',
    'SparseResNet': 'computes on masked images alone, as SparK makes them: take ResNet',
    'SparseConvNeXt': 'computes on masked images alone, as SparK makes them: take ConvNeXt',
}
SMALL = 64  # up to here a patch of 16 px would leave a vision transformer 16 of them


def named_backbone(name: str, size: int, stem: str = '7x7', channels: int = 3) -> dict[str, Any]:
    """The config of a backbone.

    Args:
        name: one of `NAMES`, `timm/NAME`, or a class of mmpretrain, whose defaults count (and
            `REQUIRED`, where it has none).
        size: height and width of the images, in pixels, which vision transformers are made for.
        stem: of a ResNet: '7x7' with max-pooling, as for ImageNet, or '3x3' without, as for CIFAR.
        channels: of the images.

    Raises:
        InputError: there is no such backbone; the message has close names.
    """
    return _with_channels(_named(name, size, stem), channels)


def _named(name: str, size: int, stem: str) -> dict[str, Any]:
    if name.startswith(TIMM):
        return _of_timm(name.removeprefix(TIMM), size)
    if is_resnet(name):
        kind = 'mmpretrain.ResNet_CIFAR' if stem == '3x3' else 'mmpretrain.ResNet'
        return dict(type=kind, **NAMES[name], zero_init_residual=NAMES[name]['depth'] >= 50)
    if name in NAMES:
        config = dict(NAMES[name])
        if config['type'] == TOKENS['type']:
            config |= dict(img_size=size, patch_size=8 if size <= SMALL else 16)
        return config
    classes = classes_of_mmpretrain()
    if name.removeprefix('mmpretrain.') in NONE:
        raise InputError(f'{name} {NONE[name.removeprefix("mmpretrain.")]}.')
    if (own := name.removeprefix('mmpretrain.')) in classes:
        config = dict(type=f'mmpretrain.{own}', **REQUIRED.get(own, {}))
        # a pair for TinyViT, which takes no number
        sized = dict(img_size=[size] * 2 if own == 'TinyViT' else size, pad_small_map=True)
        return config | {k: v for k, v in sized.items() if takes(classes[own], k)}
    raise _unknown(name, [*NAMES, *classes])


def _with_channels(config: dict[str, Any], channels: int) -> dict[str, Any]:
    """The config of the same network for images of so many channels."""
    network: Any = MODELS.get(config['type'])
    key = next((k for k in ('in_channels', 'in_chans') if takes(network, k)), None)
    if key:
        return config if channels == 3 else config | {key: channels}
    usual = 1 if config['type'] == 'mmpretrain.LeNet5' else 3
    if channels == usual:
        return config
    return dict(type='mmbarlow.OtherChannels', in_channels=channels, backbone=config)


def is_resnet(name: str) -> bool:
    """Whether it is one of `NAMES` with a choice of stems."""
    return 'depth' in NAMES.get(name, ())


def built_backbone(config: dict[str, Any], size: int) -> tuple[nn.Module, int]:
    """The network of a config, and C, the channels of what it makes of an image of `size` px.

    Raises:
        InputError: it cannot be built, or takes no such image, or what it gives cannot be pooled.
    """
    with explained(f'the backbone {config.get("model_name") or config["type"]}'):
        network = MODELS.build(config)
    network.eval()  # mmpretrain's ResNet returns nothing from it
    try:
        with torch.no_grad():
            outputs = network(torch.zeros(1, channels_of(network) or 3, size, size))
    except Exception:
        check_size(config, size, '--image-size')
        raise
    return network, pooled(outputs, layout=layout_of(network)).shape[1]


def _of_timm(name: str, size: int) -> dict[str, Any]:
    try:
        import timm
    except ImportError:
        raise InputError(
            f"the backbone {TIMM}{name} needs timm: pip install 'mmbarlow[export]', or take one of "
            f'{", ".join(NAMES)}.'
        ) from None
    name = name.partition('.')[0]  # what follows the point names weights
    if not timm.is_model(name):
        raise _unknown(TIMM + name, [TIMM + known for known in timm.list_models()])
    config = dict(type='mmpretrain.TIMMBackbone', model_name=name)
    known = timm.get_pretrained_cfg(name)
    return config | (dict(img_size=size) if known and known.fixed_input_size else {})


def classes_of_mmpretrain() -> dict[str, type]:
    """Its backbones by their names."""
    from mmpretrain.models import backbones

    found = ((name, getattr(backbones, name)) for name in backbones.__all__)
    return {
        name: kind for name, kind in found if MODELS.get(f'mmpretrain.{name}') and name not in NONE
    }


def _unknown(name: str, known: list[str]) -> InputError:
    near = difflib.get_close_matches(name, known, 3, 0.5)
    hint = f'did you mean {" or ".join(near)}?' if near else f'take one of {", ".join(NAMES)}.'
    end = '' if name.startswith(TIMM) else f' timm has more: {TIMM}NAME.'
    return InputError(f'there is no backbone {name}: {hint}{end}')
