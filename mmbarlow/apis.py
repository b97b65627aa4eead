"""The functions to call from a notebook.

>>> from mmbarlow.apis import get_model, extract_features
>>> model = get_model('work_dirs/NAME/NAME_backbone.pth')
>>> features = extract_features(model, ['a.jpg', 'b.jpg'], size=224)  # (2, C)
"""

import logging
from collections.abc import Iterable, Iterator, Sized
from itertools import islice
from pathlib import Path
from typing import cast

import numpy as np
import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.logging import print_log
from PIL import Image
from torch import Tensor

from mmbarlow.config_files import explained, read_config
from mmbarlow.convert.fitting import fit_module, read_weights
from mmbarlow.convert.sources import tensors_of
from mmbarlow.datasets.plain_views import CenterView
from mmbarlow.errors import InputError, printable
from mmbarlow.models.allowance import allowance
from mmbarlow.models.encoder import Encoder
from mmbarlow.models.encoder_description import encoder_config, encoder_parts
from mmbarlow.progress import progress

KINDS = 'give paths, PIL images or uint8 arrays (a tensor (3, H, W) as x.permute(1, 2, 0).numpy())'
Picture = str | Path | Image.Image | np.ndarray


def get_model(
    checkpoint: str | Path | None = None, config: str | Path | Config | None = None
) -> Encoder:
    """A frozen encoder, in eval mode, on the best device there is.

    Args:
        checkpoint: an exported backbone (`NAME_backbone.pth`) or a pretraining checkpoint, or, with
            a config, a file of other code with its network; without one it is untrained.
        config: the pretraining config; an exported backbone needs none.

    Raises:
        InputError: neither is given, or the checkpoint does not fit the config.
    """
    weights = read_weights(checkpoint) if checkpoint is not None else {}
    encoder_cfg = encoder_config_of(checkpoint, weights, config)
    with explained(f'the network of {checkpoint or "the config"}'):
        model = Encoder(**encoder_cfg)
    if checkpoint is None:
        logging.disable(logging.INFO)  # outside a Runner, MMEngine prints a line per tensor
        try:
            model.init_weights()
        finally:
            logging.disable(logging.NOTSET)
    else:
        found = fit_module(model.backbone, checkpoint, checkpoint=weights)
        model.backbone.load_state_dict(found.state, strict=False)
        if found.layout != 'mm':
            print_log(printable(f'{checkpoint} {found}'))
    model.to(get_device())
    model.eval()
    return model


def encoder_config_of(
    checkpoint: str | Path | None, weights: dict, config: str | Path | Config | None
) -> dict:
    """The arguments of the `Encoder` that `config`, or else the meta of `weights`, describes.

    Raises:
        InputError: neither describes one; the message names the `checkpoint`.
    """
    if config is not None:
        return encoder_parts(config if isinstance(config, Config) else read_config(config))
    encoder_cfg = encoder_config(weights)
    if encoder_cfg is None:
        raise InputError(
            f'{checkpoint} does not say which network it belongs to: give its pretraining config, '
            'or use tools/convert_checkpoint.py first.'
        )
    with explained(f'the network of {checkpoint}'), allowance(tensors_of(weights)):
        Encoder(**encoder_cfg)
    return encoder_cfg


@torch.no_grad()
def extract_features(
    model: Encoder,
    images: Picture | Iterable[Picture],
    size: int = 224,
    batch_size: int = 64,
    dtype: str | torch.dtype = 'float32',
    bar: bool = True,
) -> Tensor:
    """Representations of images: resized to 8/7 of `size`, cropped to the center, encoded.

    Args:
        model: from `get_model`.
        images: paths, PIL images of any mode or uint8 arrays, RGB (H, W, 3) or gray (H, W); any
            iterable of them, or a single one. A PIL image counts as the file it would come from. A
            model of images with other channels or another depth takes such files and arrays
            (H, W, C), and scales them as its training did.
        size: height and width of the crop, in pixels. The shorter side is first resized to 8/7 of
            it, which is ImageNet's ratio of 256 to 224.
        batch_size: images in the network, and in memory, at once.
        dtype: type of the result, 'float32' or 'float16'; the network computes in its own.
        bar: show a progress bar on stderr, in a terminal or a notebook.

    Returns:
        Tensor (number of images, C) on the CPU; a single image gives (1, C).

    Raises:
        InputError: there is no image, one cannot be read, or an argument is out of range.
    """
    kind = getattr(torch, dtype, None) if isinstance(dtype, str) else dtype
    if not isinstance(kind, torch.dtype) or not kind.is_floating_point:
        raise InputError(f"dtype={dtype!r} is no type of features: take 'float32' or 'float16'.")
    if size < 1 or batch_size < 1:
        raise InputError(f'size={size} and batch_size={batch_size} must be 1 or more.')
    pictures = _several(images)
    view = CenterView(size, round(size * 8 / 7), **model.images)

    def tensor_of(image: Picture) -> Tensor:
        if not isinstance(image, Picture):
            raise InputError(f'{type(image).__name__} is no image: {KINDS}.')
        key = 'img_path' if isinstance(image, str | Path) else 'img'
        made = view.transform({key: image})
        assert made is not None  # it skips nothing
        return torch.from_numpy(made['img']).permute(2, 0, 1)

    total = len(pictures) if isinstance(pictures, Sized) else None
    tensors = map(tensor_of, progress(pictures, 'features', total) if bar else pictures)
    features = []
    for batch in _batches(tensors, batch_size):
        inputs = model.data_preprocessor(dict(inputs=torch.stack(batch), data_samples=None))
        features.append(model(inputs['inputs']).to('cpu', kind))
    if not features:
        raise InputError('there are no images to encode: the list is empty.')
    return torch.cat(features)


def _several(images: Picture | Iterable[Picture]) -> Iterable[Picture]:
    many = not isinstance(images, Picture) or getattr(images, 'ndim', 0) == 4  # (N, H, W, 3)
    if many and (isinstance(images, bytes | Tensor) or not isinstance(images, Iterable)):
        raise InputError(f'{type(images).__name__} is no image and no list of them: {KINDS}.')
    return cast(Iterable[Picture], images if many else [images])


def _batches(items: Iterator[Tensor], size: int) -> Iterator[list[Tensor]]:
    return iter(lambda: list(islice(items, size)), [])
