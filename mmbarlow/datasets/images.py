"""Reading an image, and the plain views of it that evaluation uses."""

import numpy as np
from mmcv.transforms import BaseTransform
from PIL import Image
from torchvision.transforms import CenterCrop, Compose, Resize

from mmbarlow.registry import TRANSFORMS


def read_rgb(results: dict) -> Image.Image:
    """The image of a sample: its `img`, an RGB (H, W, 3) or grey (H, W) uint8 array, or the file
    at `img_path`; always RGB, whatever the file's mode."""
    if 'img' in results:
        return Image.fromarray(results['img']).convert('RGB')
    with Image.open(results['img_path']) as image:
        return image.convert('RGB')


@TRANSFORMS.register_module()
class LoadRGB(BaseTransform):
    """The image of a sample as torchvision's transforms (`mmpretrain.torchvision/...`) take it.

    Required keys: `img` or `img_path`; sets `img` to a PIL image in RGB.
    """

    def transform(self, results: dict) -> dict:
        results['img'] = read_rgb(results)
        return results


@TRANSFORMS.register_module()
class CenterView(BaseTransform):
    """The image as evaluation sees it: shorter side to `resize`, then the centre.

    torchvision's Resize and CenterCrop on a PIL image, as in the official `evaluate.py` (256 and
    224, bilinear). Required keys: `img` or `img_path`; sets `img` to a uint8 RGB array
    (size, size, 3).

    Args:
        size: height and width of the crop, in pixels.
        resize: length of the shorter side before the crop, in pixels; by default `size`.
    """

    def __init__(self, size: int, resize: int | None = None) -> None:
        self.crop = Compose([Resize(resize or size), CenterCrop(size)])

    def transform(self, results: dict) -> dict:
        results['img'] = np.array(self.crop(read_rgb(results)))
        return results


@TRANSFORMS.register_module()
class WholeView(BaseTransform):
    """All of the image, squeezed into a square: nothing at its edges is lost.

    Shorter side to `resize`, then both sides to `size`, torchvision's Resize twice on a PIL image
    as VISSL does for VOC07 (256 and 224, bilinear). Keys as of `CenterView`.

    Args:
        size: height and width of the result, in pixels.
        resize: length of the shorter side in between, in pixels.
    """

    def __init__(self, size: int, resize: int) -> None:
        self.squeeze = Compose([Resize(resize), Resize((size, size))])

    def transform(self, results: dict) -> dict:
        results['img'] = np.array(self.squeeze(read_rgb(results)))
        return results
