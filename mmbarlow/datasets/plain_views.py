"""Images without distortions: in full, cropped to the center, or squeezed into a square."""

import numpy as np
from mmcv.transforms import BaseTransform
from PIL import Image
from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Resize

from mmbarlow.datasets.broken_images import Skipper
from mmbarlow.datasets.image_reading import read_rgb
from mmbarlow.datasets.square import side_of
from mmbarlow.registry import TRANSFORMS

STRIP = 16  # an image that is so many times longer than wide


@TRANSFORMS.register_module()
class LoadRGB(BaseTransform):
    """Loads the image of a sample for torchvision's transforms (`mmpretrain.torchvision/...`).

    Required keys: `img` or `img_path`; sets `img` to a PIL image in RGB.

    Args:
        skip_broken: replace an image that cannot be read by another one, which only training
            should do (see `mmbarlow.datasets.broken_images`). By default such an image is an
            error: a test set must not change silently.
    """

    def __init__(self, skip_broken: bool = False) -> None:
        self.read = Skipper(read_rgb).read if skip_broken else read_rgb

    def transform(self, results: dict) -> dict | None:
        image = self.read(results)
        return None if image is None else dict(results, img=image)


@TRANSFORMS.register_module()
class CenterView(BaseTransform):
    """Resizes the shorter side of an image to `resize` and crops the center, as evaluation does.

    torchvision's Resize and CenterCrop on a PIL image, as in the official `evaluate.py` (256 and
    224, bilinear). Required keys: `img` or `img_path`; sets `img` to a uint8 RGB array
    (size, size, 3). An `img` that already is one stays as it is.

    Args:
        size: height and width of the crop, in pixels.
        resize: length of the shorter side before the crop, in pixels; by default `size`.
        interpolation: 'bilinear', or another one of torchvision's.
        skip_broken: as in `LoadRGB`.
    """

    def __init__(
        self,
        size: int,
        resize: int | None = None,
        interpolation: str = 'bilinear',
        skip_broken: bool = False,
    ) -> None:
        size = side_of(size)
        resize = None if resize is None else side_of(resize)
        mode = InterpolationMode(interpolation)
        self.crop = Compose([Resize(resize or size, mode), CenterCrop(size)])
        self.done = (size, size, 3) if resize in (None, size) else None
        self.read = Skipper(read_rgb).read if skip_broken else read_rgb

    def transform(self, results: dict) -> dict | None:
        image = results.get('img')
        # For small arrays, the detour through Pillow would take most of a worker's time.
        if not isinstance(image, np.ndarray) or image.shape != self.done or image.dtype != np.uint8:
            whole = self.read(results)
            if whole is None:
                return None
            results['img'] = np.array(self.crop(_middle(whole)))
        return results


@TRANSFORMS.register_module()
class WholeView(BaseTransform):
    """Squeezes the whole image into a square, so that nothing at its edges is lost.

    torchvision's Resize of both sides to `size` on a PIL image, bilinear. Keys as in `CenterView`.

    Args:
        size: height and width of the result, in pixels.
        resize: length of the shorter side after a first step, in pixels; by default there is none.
            VISSL has 256 and 224 for the SVMs on VOC07, and 224 at once for the low-shot ones.
    """

    def __init__(self, size: int, resize: int | None = None) -> None:
        size = side_of(size)
        self.first = Resize(side_of(resize)) if resize else None
        self.squeeze = Resize((size, size))

    def transform(self, results: dict) -> dict:
        image = read_rgb(results)
        if self.first and not _is_strip(image):  # which would become a far longer one
            image = self.first(image)
        results['img'] = np.array(self.squeeze(image))
        return results


def _is_strip(image: Image.Image) -> bool:
    return max(image.size) > STRIP * min(image.size)


def _middle(image: Image.Image) -> Image.Image:
    """The image; of a strip, which would take any memory once resized, the part that is used."""
    if not _is_strip(image):
        return image
    (width, height), longest = image.size, STRIP * min(image.size)
    left, top = max(0, width - longest) // 2, max(0, height - longest) // 2
    return image.crop((left, top, width - left, height - top))
