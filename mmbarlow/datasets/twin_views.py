"""The distorted views of an image, with the distributions of the official code."""

from collections.abc import Sequence
from typing import Any, TypeGuard

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from mmbarlow.datasets import channel_ops, jpeg, view_ops
from mmbarlow.datasets.broken_images import Skipper
from mmbarlow.datasets.channel_steps import draw_for_channels, numbers_for
from mmbarlow.datasets.image_reading import image_data, name_of, open_array
from mmbarlow.datasets.sample_random import key_of, uniforms
from mmbarlow.datasets.scaled_image import read_scaled
from mmbarlow.datasets.size_limit import too_many
from mmbarlow.datasets.values import Values, values_of
from mmbarlow.datasets.view import NUMBERS, Drawn, Views
from mmbarlow.datasets.view_size import ViewSize
from mmbarlow.errors import BrokenImage
from mmbarlow.registry import TRANSFORMS


class ImageViews(BaseTransform):
    """Makes views of an image; TwinViews and MultiViews say which, and have the keys.

    Args:
        sizes: height and width of each view, in pixels.
        views: changes to the defaults of `View` for each view.
        channels: of the images; 3 are RGB.
        range: the numbers in the images that become 0 and 255, see `values_of`.

    Raises:
        InputError: an option or its value is unknown to `View` or to `values_of`.
    """

    def __init__(
        self, sizes: Sequence[Any], views: Sequence[dict], channels: int | None, range: Any
    ) -> None:
        self.sizes = [ViewSize(size) for size in sizes]
        self.views = Views(*views)
        self.values = values_of(channels, range)
        self.skipper = Skipper(self.make)

    def transform(self, results: dict) -> dict | None:
        made = self.skipper.read(results)
        return None if made is None else dict(results, img=[planes_first(v) for v in made[0]])

    def make(self, results: dict) -> tuple[list[np.ndarray], Drawn]:
        """The views and their parameters; raises BrokenImage."""
        sizes = [size.of(results) for size in self.sizes]
        return make_views(results, self.views, sizes, self.values, range(len(sizes)))


@TRANSFORMS.register_module()
class TwinViews(ImageViews):
    """Makes two distorted views of an image.

    Required keys: `img`, a uint8 array, RGB (H, W, 3) or gray (H, W), or else `img_path`. Sets
    `img` to a list of two uint8 RGB arrays (size, size, 3), for `mmpretrain.PackInputs`. If an
    image cannot be read, the data set gives another one (`mmbarlow.datasets.broken_images`). The
    views depend on the key of the sample alone if its index comes from `mmbarlow.ViewSampler`.

    With `channels` or `range`, images have any depth and number of channels, and the views are
    float32 (size, size, channels), 0 to 255 (`mmbarlow.datasets.channel_ops`, docs/views.md).

    Args:
        size: height and width of the views, in pixels, or how they grow: see `ViewSize`.
        view_a, view_b: changes to the defaults of `View` for each view; in the official code
            `dict(blur=1.0)` and `dict(blur=0.1, solarize=0.2)`.
        channels, range: see `ImageViews`.

    Raises:
        InputError: see `ImageViews`.
    """

    def __init__(
        self,
        size: Any,
        view_a: dict,
        view_b: dict,
        channels: int | None = None,
        range: Any = None,
    ) -> None:
        super().__init__([size] * 2, [view_a, view_b], channels, range)


def make_views(
    results: dict,
    views: Views,
    sizes: Sequence[int],
    values: Values | None,
    places: Sequence[int],
) -> tuple[list[np.ndarray], Drawn]:
    """Some of the views of an image, and the parameters of all.

    Args:
        results: the sample.
        views: the distributions of all views.
        sizes: height and width of each of all views, in pixels.
        values: what the numbers in the image mean; None: they are 8-bit RGB.
        places: of the wanted ones in `views`.

    Raises:
        BrokenImage: the image cannot be read.
    """
    if values is not None:
        return _channel_views(results, views, sizes, values, places)
    image, drawn, factor = image_for_views(results, views, sizes, places)
    return [view_ops.apply(image, drawn.of(i), sizes[i], factor) for i in places], drawn


def image_for_views(
    results: dict, views: Views, sizes: Sequence[int], places: Sequence[int]
) -> tuple[np.ndarray, Drawn, int]:
    """An 8-bit RGB image (H, W, 3), the parameters of all views, whose crops are in pixels of the
    original, and the factor by which the image is smaller than that; arguments of `make_views`.

    Raises:
        BrokenImage: the image cannot be read.
    """
    data, path = image_data(results), name_of(results)
    sides, image, factor = None, None, 1
    if isinstance(data, bytes):
        sides = jpeg.size_of(data)
        if sides and (reason := too_many(*sides)):
            raise BrokenImage(path, reason)
    if sides is None:
        image = data if is_rgb(data) else open_array(data, path)
        sides = image.shape[1], image.shape[0]
    drawn = views.draw(_numbers(results, views, NUMBERS), *sides)
    if image is None and isinstance(data, bytes):
        if not drawn.angle.any():
            factor = min(jpeg.reduction(drawn.box[i], sizes[i]) for i in places)
        image = jpeg.decode(data, *sides, factor)
    if image is None:  # libjpeg-turbo cannot decode it
        image, factor = open_array(data, path), 1
    # A crop of a smaller image starts and ends with whole pixels of it.
    return image, drawn._replace(box=drawn.box // factor * factor), factor


def is_rgb(data: object) -> TypeGuard[np.ndarray]:
    """Whether an image is an array (H, W, 3) that is taken as it is, and not copied."""
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8:
        return False
    return data.ndim == 3 and data.shape[2] == 3 and data.size > 0


def _channel_views(
    results: dict, views: Views, sizes: Sequence[int], values: Values, places: Sequence[int]
) -> tuple[list[np.ndarray], Drawn]:
    """The same of an image of any depth and number of channels; all its steps are float."""
    image = read_scaled(results, values)
    u = _numbers(results, views, numbers_for(values.channels))
    drawn = draw_for_channels(views, u, *image.shape[1::-1])
    return [channel_ops.channel_view(image, drawn.of(i), sizes[i]) for i in places], drawn


def _numbers(results: dict, views: Views, count: int) -> np.ndarray:
    return uniforms(np.array([key_of(results)]), len(views.views), count)


def planes_first(view: np.ndarray) -> np.ndarray:
    """The same array (H, W, C), stored channel by channel, so that PackInputs need not copy it."""
    planes = np.empty((view.shape[2], *view.shape[:2]), view.dtype)
    cv2.split(view, list(planes))
    return planes.transpose(1, 2, 0)
