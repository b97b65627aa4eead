"""The width of what a backbone gives: found for what follows it, or compared with what is said."""

import copy
from collections.abc import Iterator
from typing import Any

import mmpretrain.models  # noqa: F401, which registers its classes
import torch
from mmengine.config import Config
from torch import Tensor, nn

from mmbarlow.config import nodes, type_name
from mmbarlow.errors import InputError
from mmbarlow.models.encoder_description import modalities_of
from mmbarlow.models.image_channels import takes
from mmbarlow.models.image_size import SIZES, channels_of, check_size, own_size
from mmbarlow.models.pooling import layout_of, pooled
from mmbarlow.registry import MODELS


def check_width(cfg: Config) -> None:
    """Run the backbone of a training config once, on a black image of the size of its views.

    The neck's `in_channels` must be its C, or the head's in `mmbarlow.Supervised`; where none is
    stated, it is set. Of a model of another package, whose neck may take any of several outputs, a
    backbone with one is checked.

    Raises:
        InputError: they differ; the backbone takes no images of this size, or gives what `pooled`
            does not take.
    """
    for name, model in modalities_of(cfg).items():
        _check_model(cfg, model, f'model.modalities.{name}' if name else 'model')


def _check_model(cfg: Config, model: Any, place: str) -> None:
    """`check_width` of the model at `place` in the config, or of one of two modalities."""
    own = type_name(model.get('type', 'mmbarlow.BarlowTwins')).startswith('mmbarlow.')
    part = 'neck' if model.get('neck') else 'head'
    after = model.get(part)
    if not isinstance(after, dict) or part == 'head' and not own:
        return
    asked = after.get('in_channels')
    if not isinstance(asked, int | None) or asked is None and not lacks_width(after):
        return
    try:
        network = MODELS.build(model.get('backbone'))
    except Exception:  # the run says why
        return
    size, stated = _size_of_views(cfg)
    outputs = _outputs(network, size)
    if outputs is None:
        if own and stated:
            check_size(model.backbone, size)
        return
    if own or isinstance(outputs, Tensor) or len(outputs) == 1:
        found = pooled(outputs, model.get('pool', 'auto'), layout_of(network)).shape[1]
        if asked is None:
            after['in_channels'] = found
        else:
            check_channels(found, asked, f'{place}.{part}')


def check_channels(found: int, asked: int, part: str = 'model.neck') -> None:
    """Raises InputError unless the numbers of channels are equal."""
    if found != asked:
        raise InputError(
            f'backbone gives {found} channels: set {part}.in_channels={found} (it is {asked}).'
        )


def with_width(after: dict, backbone: nn.Module, pool: str = 'auto') -> dict:
    """The config of a neck or a head, with the `in_channels` that it has none for."""
    return {**after, 'in_channels': width_of(backbone, pool)} if lacks_width(after) else after


def lacks_width(after: dict) -> bool:
    """Whether the class of a neck or a head takes `in_channels`, and its config states none."""
    kind = after.get('type')
    found = MODELS.get(kind) if isinstance(kind, str) else kind
    return after.get('in_channels') is None and found is not None and takes(found, 'in_channels')


@torch.no_grad()
def width_of(backbone: nn.Module, pool: str = 'auto') -> int:
    """C of the representations, from two black images through a copy of the network, which takes
    no memory and no time on the meta device; where that cannot be, on that of the network.

    Raises:
        InputError: it takes none of the usual sizes of images.
    """
    sizes = [own] if (own := own_size(backbone)) else []
    sizes += [(size, size) for size in SIZES]
    reason = ''
    with torch.random.fork_rng(devices=[]):
        for meta in (True, False):
            network = _copied(backbone, meta)
            network.eval()  # mmpretrain's ResNet returns nothing from it
            device = 'meta' if meta else next((p.device for p in backbone.parameters()), 'cpu')
            for size in sizes:
                images = torch.zeros(2, channels_of(backbone) or 3, *size, device=device)
                try:
                    return pooled(network(images), pool, layout_of(network)).shape[1]
                except InputError:
                    raise
                except Exception as error:  # networks raise anything for a size that is not theirs
                    reason = reason if meta else reason or str(error)
    raise InputError(
        f'the width of {type(backbone).__name__} cannot be found ({" ".join(reason.split())}): set '
        'in_channels of what follows it.'
    )


def _copied(network: nn.Module, meta: bool) -> nn.Module:
    memo: dict[int, Any] = {}
    if meta:
        memo |= {id(p): nn.Parameter(p.to('meta'), False) for p in network.parameters()}
        memo |= {id(b): b.to('meta') for b in network.buffers()}
    return copy.deepcopy(network, memo)


def _size_of_views(cfg: Config) -> tuple[int, bool]:
    """Height and width of the images, and whether a transform states it."""
    places = [cfg.model.get('data_preprocessor') or {}, cfg.train_dataloader]
    sizes: Iterator[int] = (
        node['size'] for place in places for node in nodes(place) if type(node.get('size')) is int
    )
    size = next(sizes, None)
    return size or SIZES[0], size is not None


@torch.no_grad()
def _outputs(network: nn.Module, size: int) -> Any:
    """What a backbone returns, or None if it does not take such an image."""
    network.eval()
    try:
        return network(torch.zeros(1, channels_of(network) or 3, size, size))
    except Exception:
        return None
