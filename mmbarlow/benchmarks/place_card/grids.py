"""What a frozen network makes of the places of whole images."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import isqrt
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from mmbarlow import signals
from mmbarlow.benchmarks.card.options import in_bf16
from mmbarlow.benchmarks.labeled_task import median_side
from mmbarlow.benchmarks.network import Network
from mmbarlow.datasets.plain_views import WholeView
from mmbarlow.datasets.square import usual_side
from mmbarlow.errors import InputError
from mmbarlow.models.encoder import Encoder
from mmbarlow.models.image_size import own_size, refusal
from mmbarlow.models.pooling import layout_of, place_module, tokens_in
from mmbarlow.progress import progress
from mmbarlow.registry import MODELS

LARGEST_SIDE = 448  # pixels; a ResNet gives 14 x 14 places


class WholeImages(Dataset):
    """Whole images, squeezed into squares.

    Args:
        paths: of the files.
        side: of the squares, in pixels.
        images: `Network.images`.
    """

    def __init__(self, paths: Sequence[Path], side: int, images: dict) -> None:
        self.paths, self.view = paths, WholeView(side, **images)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Tensor:
        """(C, side, side); raises BrokenImage."""
        image = self.view.transform(dict(img_path=str(self.paths[index])))['img']
        return torch.from_numpy(image).permute(2, 0, 1).contiguous()


def side_for(network: Network, paths: Sequence[Path], side: int | None = None) -> int:
    """The side of the squares that a network is shown, in pixels.

    A transformer is shown the size that it is built for. For others it is twice what whole images
    are shown at, since a place of a ResNet is 32 pixels wide, at most `LARGEST_SIDE`.

    Args:
        network: that is shown them.
        paths: of images.
        side: another one.

    Raises:
        InputError: the network does not take it, or no image can be read.
    """
    config = network.encoder_cfg['backbone']
    if side is None and (own := own_size(MODELS.build(config))):
        side = own[0]
    if side is None:
        side = usual_side(2 * median_side([str(path) for path in paths]), LARGEST_SIDE)
    if reason := refusal(config, side):
        raise InputError(
            f'the network does not take images of {side} px ({reason}): give one that it takes '
            'with --size.'
        )
    return side


def grids(
    encoder: Encoder, images: WholeImages, precision: str, batch_size: int, workers: int
) -> Iterator[Tensor]:
    """The features (g, g, C) of each image in turn, in float16, on the CPU.

    Raises:
        InputError: an image cannot be read, or the backbone gives no square of places.
    """
    loader = DataLoader(images, batch_size, num_workers=workers, generator=torch.Generator())
    signals.shield_workers(loader)
    for batch in progress(loader, 'features of places', len(loader)):
        with _computing(encoder, precision):
            inputs = encoder.data_preprocessor(dict(inputs=batch, data_samples=None), False)
            found = _tokens(encoder.backbone, inputs['inputs'])
        side = 0 if found is None else isqrt(found.shape[1])
        if found is None or side**2 != found.shape[1]:
            raise InputError(
                'the backbone gives no vectors of places for a square image, and a card of masks '
                'or boxes needs them: it is for networks with a map or with tokens of patches.'
            )
        yield from found.half().cpu().unflatten(1, (side, side))


def _tokens(backbone: nn.Module, images: Tensor) -> Tensor | None:
    """What `tokens_in` finds."""
    outputs = []
    handle = place_module(backbone).register_forward_hook(lambda *caught: outputs.append(caught[2]))
    try:
        backbone(images)
    finally:
        handle.remove()
    return tokens_in(outputs[0], layout_of(backbone))


@contextmanager
def _computing(encoder: Encoder, precision: str) -> Iterator[None]:
    device = next((p.device for p in encoder.parameters()), torch.device('cpu'))
    bf16 = in_bf16(precision, device)
    with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=bf16):
        yield
