"""Which images a backbone takes."""

from typing import Any

import torch
from torch import nn

from mmbarlow.config import type_name
from mmbarlow.errors import InputError
from mmbarlow.registry import MODELS

SIZES = (224, 64, 32, 96, 128, 160, 192, 256, 384)  # pixels a side, as they are tried
PADDED: dict[str, Any] = dict(pad_small_map=True)  # of Swin: maps smaller than a window


def own_size(backbone: nn.Module) -> tuple[int, int] | None:
    """Height and width of the images that a transformer is built for; None of other networks."""
    net = getattr(backbone, 'timm_model', backbone)
    embed = getattr(net, 'patch_embed', None)
    found = [getattr(net, 'img_size', None)]
    found += [getattr(embed, name, None) for name in ('init_input_size', 'img_size')]
    size = next((size for size in found if size is not None), None)
    return (size, size) if isinstance(size, int) else size and tuple(size)


def channels_of(backbone: nn.Module) -> int | None:
    """How many channels its images have: those of the first convolution; None where any do."""
    for module in backbone.modules():
        if isinstance(module, nn.Conv2d):
            return module.in_channels
    first = next((m for m in backbone.modules() if isinstance(m, nn.LayerNorm)), None)
    return first.normalized_shape[0] // 49 if first else None  # T2T-ViT's is over 7 x 7 pixels


def check_size(config: dict, size: int, key: str = 'the size of mmbarlow.TwinViews') -> None:
    """Run the backbone of a config once, on a black image.

    Args:
        config: of the backbone.
        size: height and width of the image, in pixels.
        key: what else to change, for the message.

    Raises:
        InputError: it does not take the image; the message has the arguments with which it would,
            or the sizes that it takes.
    """
    reason = refusal(config, size)
    if reason is None:
        return
    name = config.get('model_name') or type_name(config['type'])
    for more in (dict(img_size=size), PADDED, PADDED | dict(img_size=size)):
        if refusal({**config, **more}, size) is None:
            cure = ' and '.join(f'model.backbone.{k}={value}' for k, value in more.items())
            break
    else:
        sized = {'img_size'} & config.keys()
        ways = {other: {**config, **dict.fromkeys(sized, other)} for other in SIZES}
        others = [other for other, way in ways.items() if refusal(way, other) is None]
        cure = f'{key} to {" or ".join(map(str, sorted(others)[:3]))}' if others else 'another one'
    raise InputError(
        f'the backbone {name} does not take images of {size} px ({reason}): set {cure}.'
    )


@torch.no_grad()
def refusal(config: dict, size: int) -> str | None:
    """What a network says of images that it does not take."""
    try:
        network = MODELS.build(config)
        network.eval()
        network(torch.zeros(1, channels_of(network) or 3, size, size))
    except Exception as error:
        return ' '.join(str(error).split())[:120].rstrip('.:') or type(error).__name__
    return None
