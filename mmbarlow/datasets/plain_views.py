"""Images without distortions: in full, cropped to the center, or squeezed into a square.

With one of the options `channels` and `range` (see `mmbarlow.datasets.values.values_of`) images
have any depth and number of channels, and become float32 of 0 to 255. torchvision resizes tensors
of floats then, antialiased as Pillow does it, and nothing is rounded to 8 bits.
"""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from PIL import Image
from torch import Tensor
from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Resize
from torchvision.transforms import functional as F

from mmbarlow.datasets.broken_images import Skipper
from mmbarlow.datasets.image_reading import read_rgb
from mmbarlow.datasets.scaled_image import read_scaled
from mmbarlow.datasets.square import side_of
from mmbarlow.datasets.values import Values, values_of
from mmbarlow.registry import TRANSFORMS

STRIP = 16  # an image that is so many times longer than wide


@TRANSFORMS.register_module()
class LoadRGB(BaseTransform):
    """Loads the image of a sample for torchvision's transforms (`mmpretrain.torchvision/...`).

    Required keys: `img` or `img_path`; sets `img` to a PIL image in RGB or, with `channels` or
    `range`, to a float32 tensor (C, H, W), 0 to 255.

    Args:
        skip_broken: replace an image that cannot be read by another one, which only training
            should do (see `mmbarlow.datasets.broken_images`). By default such an image is an
            error: a test set must not change silently.
        channels, range: see above.
    """

    def __init__(
        self, skip_broken: bool = False, channels: int | None = None, range: Any = None
    ) -> None:
        self.read = _reader(skip_broken, channels, range)

    def transform(self, results: dict) -> dict | None:
        image = self.read(results)
        return None if image is None else dict(results, img=image)


@TRANSFORMS.register_module()
class CenterView(BaseTransform):
    """Resizes the shorter side of an image to `resize` and crops the center, as evaluation does.

    torchvision's Resize and CenterCrop on a PIL image, as in the official `evaluate.py` (256 and
    224, bilinear). Required keys: `img` or `img_path`; sets `img` to a uint8 RGB array
    (size, size, 3). An `img` that already is one stays as it is. With `channels` or `range` it is
    always read, and becomes float32 (size, size, channels).

    Args:
        size: height and width of the crop, in pixels.
        resize: length of the shorter side before the crop, in pixels; by default `size`.
        interpolation: 'bilinear', or another one of torchvision's.
        skip_broken, channels, range: as in `LoadRGB`.
    """

    def __init__(
        self,
        size: int,
        resize: int | None = None,
        interpolation: str = 'bilinear',
        skip_broken: bool = False,
        channels: int | None = None,
        range: Any = None,
    ) -> None:
        size = side_of(size)
        resize = None if resize is None else side_of(resize)
        mode = InterpolationMode(interpolation)
        self.crop = Compose([Resize(resize or size, mode), CenterCrop(size)])
        self.read = _reader(skip_broken, channels, range)
        as_it_is = resize in (None, size) and channels is None and range is None
        self.done = (size, size, 3) if as_it_is else None

    def transform(self, results: dict) -> dict | None:
        image = results.get('img')
        # For small arrays, the detour through Pillow would take most of a worker's time.
        if not isinstance(image, np.ndarray) or image.shape != self.done or image.dtype != np.uint8:
            whole = self.read(results)
            if whole is None:
                return None
            results['img'] = _array(self.crop(_middle(whole)))
        return results


@TRANSFORMS.register_module()
class WholeView(BaseTransform):
    """Squeezes the whole image into a square, so that nothing at its edges is lost.

    torchvision's Resize of both sides to `size` on a PIL image, bilinear. Keys as in `CenterView`.

    Args:
        size: height and width of the result, in pixels.
        resize: length of the shorter side after a first step, in pixels; by default there is none.
            VISSL has 256 and 224 for the SVMs on VOC07, and 224 at once for the low-shot ones.
        channels, range: as in `LoadRGB`.
    """

    def __init__(
        self,
        size: int,
        resize: int | None = None,
        channels: int | None = None,
        range: Any = None,
    ) -> None:
        size = side_of(size)
        self.first = Resize(side_of(resize)) if resize else None
        self.squeeze = Resize((size, size))
        self.read = _reader(False, channels, range)

    def transform(self, results: dict) -> dict:
        image = self.read(results)
        if self.first and not _is_strip(image):  # which would become a far longer one
            image = self.first(image)
        results['img'] = _array(self.squeeze(image))
        return results


def _reader(skip_broken: bool, channels: int | None, range: Any) -> Callable[[dict], Any]:
    """What gives the image of a sample, a PIL image or a tensor of floats (C, H, W)."""
    values = values_of(channels, range)

    def read_tensor(results: dict) -> Tensor:
        return torch.from_numpy(read_scaled(results, cast(Values, values))).permute(2, 0, 1)

    read = read_rgb if values is None else read_tensor
    return Skipper(read).read if skip_broken else read


def _array(image: Image.Image | Tensor) -> np.ndarray:
    """Its pixels (H, W, C)."""
    return image.permute(1, 2, 0).numpy() if isinstance(image, Tensor) else np.array(image)


def _size(image: Image.Image | Tensor) -> tuple[int, int]:
    """Width and height."""
    return (image.shape[2], image.shape[1]) if isinstance(image, Tensor) else image.size


def _is_strip(image: Image.Image | Tensor) -> bool:
    return max(_size(image)) > STRIP * min(_size(image))


def _middle(image: Image.Image | Tensor) -> Image.Image | Tensor:
    """The image; of a strip, which would take any memory once resized, the part that is used."""
    if not _is_strip(image):
        return image
    (width, height), longest = _size(image), STRIP * min(_size(image))
    left, top = max(0, width - longest) // 2, max(0, height - longest) // 2
    part = top, left, height - 2 * top, width - 2 * left
    return F.crop(cast(Tensor, image), *part)  # which takes either
