"""Whether what follows a backbone takes what it gives, before anything is built around them."""

from typing import Any

import torch
from mmengine.config import Config
from torch import nn

from mmbarlow.config import nodes, type_name
from mmbarlow.errors import InputError
from mmbarlow.models.encoder import pooled
from mmbarlow.registry import MODELS

SIZE = 224  # of the image to try, where no transform of the training data states one


def check_width(cfg: Config) -> None:
    """Run the backbone of a training config once, on one black image.

    The neck's `in_channels` must be its C, or the head's in `mmbarlow.Supervised`. Of a model of
    another package, whose neck may take any of several outputs, a backbone with one is checked.

    Raises:
        InputError: they are not; or the backbone gives what `pooled` does not take.
    """
    own = type_name(cfg.model.type).startswith('mmbarlow.')
    part = 'neck' if cfg.model.get('neck') else 'head'
    after = cfg.model.get(part)
    asked = after.get('in_channels') if isinstance(after, dict) else None
    if not isinstance(asked, int) or not (own and part == 'head' or part == 'neck'):
        return
    sizes = (n['size'] for n in nodes(cfg.train_dataloader) if isinstance(n.get('size'), int))
    outputs = _outputs(cfg.model.get('backbone'), next(sizes, SIZE))
    single = isinstance(outputs, torch.Tensor) or outputs is not None and len(outputs) == 1
    if outputs is not None and (own or single):
        check_channels(pooled(outputs).shape[1], asked, f'model.{part}')


def check_channels(found: int, asked: int, part: str = 'model.neck') -> None:
    """Raises InputError unless the numbers of channels are equal."""
    if found != asked:
        raise InputError(
            f'backbone gives {found} channels: set {part}.in_channels={found} (it is {asked}).'
        )


@torch.no_grad()
def _outputs(backbone: Any, size: int) -> Any:
    """What a backbone returns, or None if it cannot be run by itself: the run says why."""
    try:
        network = MODELS.build(backbone)
        network.eval()  # mmpretrain's ResNet returns nothing from it
        first = next((m for m in network.modules() if isinstance(m, nn.Conv2d)), None)
        return network(torch.zeros(1, first.in_channels if first else 3, size, size))
    except Exception:
        return None
