"""An encoder as an ONNX file: images in, features out, computed by onnxruntime as by torch."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import torch
from mmpretrain.models.utils import ShiftWindowMSA
from torch import Tensor, nn

from mmbarlow.errors import InputError
from mmbarlow.models.encoder import Encoder
from mmbarlow.models.image_size import channels_of, own_size
from mmbarlow.models.pooling import last_output, layout_of, pooling_of
from mmbarlow.optional import package

TOLERANCE = 1e-4  # of the largest feature: both compute in float32, in another order


class Exported(NamedTuple):
    """What was made, and how well onnxruntime agrees with torch."""

    content: bytes
    sizes: str  # which images it takes, in words
    difference: float  # the largest, as a part of the largest feature
    checked: list[tuple[int, ...]]  # shapes of the images that both got


class _Features(nn.Module):
    """The encoder without what depends on the size of the images at run time."""

    def __init__(self, encoder: Encoder, example: Tensor, normalize: bool) -> None:
        super().__init__()
        self.backbone = encoder.backbone
        last, layout = last_output(encoder.backbone(example)), layout_of(encoder.backbone)
        self.pool = pooling_of(last, encoder.pool, layout)
        images: Any = encoder.data_preprocessor
        mean, std = getattr(images, 'mean', None), getattr(images, 'std', None)
        self.pixels = (mean, std) if normalize and mean is not None else None
        self.swapped = normalize and getattr(images, '_channel_conversion', False)

    def forward(self, images: Tensor) -> Tensor:
        if self.swapped:
            images = images[:, [2, 1, 0]]
        if self.pixels:
            images = (images - self.pixels[0]) / self.pixels[1]
        return self.pool(last_output(self.backbone(images)))


def onnx_model(encoder: Encoder, size: tuple[int, int], normalize: bool = False) -> Exported:
    """An ONNX model with the input `images` (N, 3, H, W) and the output `features` (N, C), float32,
    with as many channels as the encoder takes in the place of 3.

    N is free, and so are H and W where the network can be exported so.

    Args:
        encoder: on the CPU.
        size: height and width of the images, the only ones where H and W are not free.
        normalize: take images of 0 to 255 and normalize them in the model, as the encoder's
            preprocessor does; else they must be normalized already.

    Raises:
        InputError: a package is missing, torch cannot export the network, or onnxruntime computes
            something else.
    """
    for name in ('onnx', 'onnxscript', 'onnxruntime'):
        package(name, '--to onnx')
    encoder = encoder.eval().requires_grad_(False)
    images = torch.rand(2, channels_of(encoder.backbone) or 3, *size) * 255
    with torch.no_grad():
        features = _Features(encoder, images, normalize).eval()
        free = {0: torch.export.Dim('N'), 2: torch.export.Dim('H'), 3: torch.export.Dim('W')}
        ways = [({0: free[0]}, size)]
        if own_size(encoder.backbone) is None:  # others take minutes to find that it cannot be
            ways.insert(0, (free, (size[0] + 32, size[1] + 64)))
        reason = ''
        for dims, more in ways:
            try:
                content = _exported(features, images, dims)
                return _checked(content, features, images, more, len(dims) == 3)
            except InputError as error:
                reason = str(error)
            except Exception as error:  # the exporter raises anything
                reason = next(filter(None, map(str.strip, str(error).splitlines())), repr(error))
    raise InputError(
        f'{type(encoder.backbone).__name__} cannot be exported to ONNX: {reason[:200].rstrip(".")}.'
    )


def _exported(features: nn.Module, images: Tensor, dims: dict) -> bytes:
    windows = mock.patch.object(ShiftWindowMSA, 'window_reverse', staticmethod(_joined))
    with _silence(), windows:
        program = torch.onnx.export(
            features,
            (images,),
            input_names=['images'],
            output_names=['features'],
            dynamic_shapes=(dims,),
            dynamo=True,
            verbose=False,
        )
    assert program is not None  # without a file to write
    return program.model_proto.SerializeToString()


def _joined(windows: Tensor, height: int, width: int, size: int) -> Tensor:
    """mmpretrain's own but that any number of images may follow from the number of windows."""
    rows = windows.unflatten(0, (-1, height // size, width // size))
    return rows.transpose(2, 3).reshape(-1, height, width, windows.shape[-1])


def _checked(
    content: bytes, features: nn.Module, images: Tensor, other: tuple[int, int], free: bool
) -> Exported:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(content, options, ['CPUExecutionProvider'])
    again = torch.rand(3, images.shape[1], *other) * 255
    largest = 0.0
    for batch in (images, again):
        (found,) = session.run(None, {'images': batch.numpy()})
        wanted = features(batch).numpy()
        difference = float(np.abs(np.asarray(found) - wanted).max() / np.abs(wanted).max())
        largest = max(largest, difference if np.isfinite(difference) else np.inf)
    if largest > TOLERANCE:
        raise InputError(
            f'onnxruntime and torch differ by {largest:.1g} of the largest feature, more than '
            f'{TOLERANCE:g}'
        )
    height, width = images.shape[2:]
    words = 'images of any size' if free else f'images of {height} x {width} only'
    return Exported(content, words, largest, [tuple(batch.shape) for batch in (images, again)])


def write_onnx(content: bytes, path: Path) -> None:
    path.write_bytes(content)


@contextmanager
def _silence() -> Iterator[None]:
    """The exporter tells what it tries, and warns of its own deprecated parts."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            yield
    finally:
        logging.disable(before)
