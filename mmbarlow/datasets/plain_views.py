"""Images without distortions: in full, cropped to the center, or squeezed into a square."""

import numpy as np
from mmcv.transforms import BaseTransform
from torchvision.transforms import CenterCrop, Compose, Resize

from mmbarlow.datasets.broken_images import Skipper
from mmbarlow.datasets.image_reading import read_rgb
from mmbarlow.datasets.square import side_of
from mmbarlow.registry import TRANSFORMS


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
    """

    def __init__(self, size: int, resize: int | None = None) -> None:
        size = side_of(size)
        resize = None if resize is None else side_of(resize)
        self.crop = Compose([Resize(resize or size), CenterCrop(size)])
        self.done = (size, size, 3) if resize in (None, size) else None

    def transform(self, results: dict) -> dict:
        image = results.get('img')
        # For small arrays, the detour through Pillow would take most of a worker's time.
        if not isinstance(image, np.ndarray) or image.shape != self.done or image.dtype != np.uint8:
            results['img'] = np.array(self.crop(read_rgb(results)))
        return results


@TRANSFORMS.register_module()
class WholeView(BaseTransform):
    """Squeezes the whole image into a square, so that nothing at its edges is lost.

    Resizes the shorter side to `resize`, then both sides to `size`: torchvision's Resize twice on
    a PIL image, as VISSL does for VOC07 (256 and 224, bilinear). Keys as in `CenterView`.

    Args:
        size: height and width of the result, in pixels.
        resize: length of the shorter side after the first step, in pixels.
    """

    def __init__(self, size: int, resize: int) -> None:
        size = side_of(size)
        self.squeeze = Compose([Resize(side_of(resize)), Resize((size, size))])

    def transform(self, results: dict) -> dict:
        results['img'] = np.array(self.squeeze(read_rgb(results)))
        return results
