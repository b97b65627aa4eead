"""Backbones by the names that people know them by."""

import difflib
import inspect
from typing import Any

import torch
from torch import nn

from mmbarlow.config_files import explained
from mmbarlow.errors import InputError
from mmbarlow.models.encoder import pooled
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
SMALL = 64  # up to here a patch of 16 px would leave a vision transformer 16 of them


def named_backbone(name: str, size: int, stem: str = '7x7', channels: int = 3) -> dict[str, Any]:
    """The config of a backbone.

    Args:
        name: one of `NAMES`, `timm/NAME`, or a class of mmpretrain, whose defaults count.
        size: height and width of the images, in pixels, which vision transformers are made for.
        stem: of a ResNet: '7x7' with max-pooling, as for ImageNet, or '3x3' without, as for CIFAR.
        channels: of the images.

    Raises:
        InputError: there is no such backbone; the message has close names.
    """
    own = dict(in_channels=channels) if channels != 3 else {}
    return _named(name, size, stem) | own


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
    classes = _classes_of_mmpretrain()
    if (own := name.removeprefix('mmpretrain.')) in classes:
        return dict(type=f'mmpretrain.{own}')
    raise _unknown(name, [*NAMES, *classes])


def is_resnet(name: str) -> bool:
    """Whether it is one of `NAMES` with a choice of stems."""
    return 'depth' in NAMES.get(name, ())


def built_backbone(config: dict[str, Any], size: int) -> tuple[nn.Module, int]:
    """The network of a config, and C, the channels of what it makes of an image of `size` px.

    Raises:
        InputError: it cannot be built, or takes no such image, or what it gives cannot be pooled.
    """
    with explained(f'the backbone {config.get("model_name") or config["type"]} at {size} px'):
        network = MODELS.build(config)
        network.eval()  # mmpretrain's ResNet returns nothing from it
        with torch.no_grad():
            image = torch.zeros(1, config.get('in_channels', 3), size, size)
            channels = pooled(network(image)).shape[1]
    return network, channels


def _of_timm(name: str, size: int) -> dict[str, Any]:
    try:
        import timm
    except ImportError:
        raise InputError(
            f'the backbone {TIMM}{name} needs timm: pip install timm, or take one of '
            f'{", ".join(NAMES)}.'
        ) from None
    name = name.partition('.')[0]  # what follows the point names weights
    if not timm.is_model(name):
        raise _unknown(TIMM + name, [TIMM + known for known in timm.list_models()])
    config = dict(type='mmpretrain.TIMMBackbone', model_name=name)
    known = timm.get_pretrained_cfg(name)
    return config | (dict(img_size=size) if known and known.fixed_input_size else {})


def _classes_of_mmpretrain() -> list[str]:
    from mmpretrain.models import backbones

    found = vars(backbones).items()
    return [name for name, value in found if inspect.isclass(value) and name != 'TIMMBackbone']


def _unknown(name: str, known: list[str]) -> InputError:
    near = difflib.get_close_matches(name, known, 3, 0.5)
    hint = f'did you mean {" or ".join(near)}?' if near else f'take one of {", ".join(NAMES)}.'
    end = '' if name.startswith(TIMM) else f' timm has more: {TIMM}NAME.'
    return InputError(f'there is no backbone {name}: {hint}{end}')
