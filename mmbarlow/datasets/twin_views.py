"""The two distorted views of an image, with the distributions of the official code."""

import math
import random
from dataclasses import dataclass

import numpy as np
from mmcv.transforms import BaseTransform
from PIL import Image, ImageEnhance, ImageFilter, ImageOps
from torchvision.transforms import functional as F

from mmbarlow.datasets.broken import Skipper
from mmbarlow.datasets.images import read_rgb
from mmbarlow.errors import InputError
from mmbarlow.registry import TRANSFORMS


@dataclass(frozen=True)
class View:
    """Distribution of one view: probabilities and strengths, in the order they are applied.

    Defaults are what both views of the official `Transform` share (`main.py`; BYOL's, section 2.2).
    """

    rotate: float = 0.0  # angle from U(-x, x) degrees, before the crop; 0 in the official code
    crop_scale: tuple[float, float] = (0.08, 1.0)  # share of the image's area
    crop_ratio: tuple[float, float] = (3 / 4, 4 / 3)  # width over height, log-uniform
    flip: float = 0.5  # probability
    jitter: float = 0.8  # probability of the four below, applied in random order
    brightness: float = 0.4  # factor from U(1 - x, 1 + x)
    contrast: float = 0.4
    saturation: float = 0.2
    hue: float = 0.1  # shift from U(-x, x) of the colour circle
    gray: float = 0.2  # probability
    blur: float = 0.0  # probability
    blur_sigma: tuple[float, float] = (0.1, 2.0)  # pixels, uniform
    solarize: float = 0.0  # probability; values of 128 and more are inverted

    def __call__(self, image: Image.Image, size: int) -> Image.Image:
        if self.rotate:
            angle = random.uniform(-self.rotate, self.rotate)
            image = image.rotate(angle, Image.Resampling.BILINEAR)
        image = self._crop(image).resize((size, size), Image.Resampling.BICUBIC)
        if random.random() < self.flip:
            image = ImageOps.mirror(image)
        if random.random() < self.jitter:
            image = self._jitter(image)
        if random.random() < self.gray:
            # Pillow's weights .299 .587 .114; mmpretrain's recipe has .2989 for red.
            image = image.convert('L').convert('RGB')
        if random.random() < self.blur:
            image = image.filter(ImageFilter.GaussianBlur(random.uniform(*self.blur_sigma)))
        if random.random() < self.solarize:
            image = ImageOps.solarize(image, threshold=128)
        return image

    def _crop(self, image: Image.Image) -> Image.Image:
        """torchvision's RandomResizedCrop: ten tries, then the largest centred crop."""
        width, height = image.size
        log_ratio = [math.log(r) for r in self.crop_ratio]
        for _ in range(10):
            area = width * height * random.uniform(*self.crop_scale)
            ratio = math.exp(random.uniform(*log_ratio))
            w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if 0 < w <= width and 0 < h <= height:
                left, top = random.randint(0, width - w), random.randint(0, height - h)
                return image.crop((left, top, left + w, top + h))
        ratio = min(max(width / height, self.crop_ratio[0]), self.crop_ratio[1])
        w, h = min(width, round(height * ratio)), min(height, round(width / ratio))
        left, top = (width - w) // 2, (height - h) // 2
        return image.crop((left, top, left + w, top + h))

    def _jitter(self, image: Image.Image) -> Image.Image:
        def factor(strength: float) -> float:
            return random.uniform(max(0.0, 1 - strength), 1 + strength)

        steps = []
        if self.brightness:
            steps.append(lambda x: ImageEnhance.Brightness(x).enhance(factor(self.brightness)))
        if self.contrast:
            steps.append(lambda x: ImageEnhance.Contrast(x).enhance(factor(self.contrast)))
        if self.saturation:
            steps.append(lambda x: ImageEnhance.Color(x).enhance(factor(self.saturation)))
        if self.hue:
            steps.append(lambda x: F.adjust_hue(x, random.uniform(-self.hue, self.hue)))
        random.shuffle(steps)
        for step in steps:
            image = step(image)
        return image


@TRANSFORMS.register_module()
class TwinViews(BaseTransform):
    """Makes two distorted views of an image.

    Required keys: `img`, an RGB array (H, W, 3) or grey (H, W) of uint8, or else `img_path`.
    Sets `img` to a list of two uint8 RGB arrays (size, size, 3), for `mmpretrain.PackInputs`.

    Args:
        size: height and width of the views, in pixels.
        view_a: what the first view changes of the defaults of `View`; the official code has
            `dict(blur=1.0)`.
        view_b: the same for the second view; the official code has `dict(blur=0.1, solarize=0.2)`.
    """

    def __init__(self, size: int, view_a: dict, view_b: dict) -> None:
        self.size = size
        self.skipper = Skipper(read_rgb)
        try:
            self.views = View(**view_a), View(**view_b)
        except TypeError as error:
            raise InputError(
                f'TwinViews: {error}; a view has {", ".join(View.__dataclass_fields__)}.'
            ) from None

    def transform(self, results: dict) -> dict | None:
        image = self.skipper.read(results)
        if image is None:
            return None
        results['img'] = [np.array(view(image, self.size)) for view in self.views]
        return results
