"""The two distorted views of an image, with the distributions of the official code."""

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from mmbarlow.datasets import jpeg, view_ops
from mmbarlow.datasets.broken_images import Skipper
from mmbarlow.datasets.image_reading import image_data, name_of, open_array
from mmbarlow.datasets.sample_random import key_of, uniforms
from mmbarlow.datasets.size_limit import too_many
from mmbarlow.datasets.square import side_of
from mmbarlow.datasets.view import NUMBERS, Drawn, Views
from mmbarlow.errors import BrokenImage
from mmbarlow.registry import TRANSFORMS


@TRANSFORMS.register_module()
class TwinViews(BaseTransform):
    """Makes two distorted views of an image.

    Required keys: `img`, a uint8 array, RGB (H, W, 3) or gray (H, W), or else `img_path`. Sets
    `img` to a list of two uint8 RGB arrays (size, size, 3), for `mmpretrain.PackInputs`. If an
    image cannot be read, the data set gives another one (`mmbarlow.datasets.broken_images`). The
    views depend on the key of the sample alone if its index comes from `mmbarlow.ViewSampler`.

    Args:
        size: height and width of the views, in pixels.
        view_a, view_b: changes to the defaults of `View` for each view; in the official code
            `dict(blur=1.0)` and `dict(blur=0.1, solarize=0.2)`.

    Raises:
        InputError: an option or its value is unknown to `View`.
    """

    def __init__(self, size: int, view_a: dict, view_b: dict) -> None:
        self.size = side_of(size)
        self.views = Views(view_a, view_b)
        self.skipper = Skipper(self.make)

    def transform(self, results: dict) -> dict | None:
        made = self.skipper.read(results)
        return None if made is None else dict(results, img=[planes_first(v) for v in made[0]])

    def make(self, results: dict) -> tuple[list[view_ops.Image], Drawn]:
        """The two views and their parameters; raises BrokenImage."""
        data, path = image_data(results), name_of(results)
        size, image, factor = None, None, 1
        if isinstance(data, bytes):
            size = jpeg.size_of(data)
            if size and (reason := too_many(*size)):
                raise BrokenImage(path, reason)
        if size is None:
            image = open_array(data, path)
            size = image.shape[1], image.shape[0]
        drawn = self.views.draw(uniforms(np.array([key_of(results)]), 2, NUMBERS), *size)
        if image is None and isinstance(data, bytes):
            factor = 1 if drawn.angle.any() else jpeg.reduction(drawn.box, self.size)
            image = jpeg.decode(data, *size, factor)
        if image is None:  # libjpeg-turbo cannot decode it
            image, factor = open_array(data, path), 1
        # A crop of a smaller image starts and ends with whole pixels of it.
        drawn = drawn._replace(box=drawn.box // factor * factor)
        return [view_ops.apply(image, drawn.of(i), self.size, factor) for i in (0, 1)], drawn


def planes_first(view: view_ops.Image) -> view_ops.Image:
    """The same array (H, W, 3), stored channel by channel, so that PackInputs need not copy it."""
    planes = np.empty((3, *view.shape[:2]), np.uint8)
    cv2.split(view, [planes[0], planes[1], planes[2]])
    return planes.transpose(1, 2, 0)
