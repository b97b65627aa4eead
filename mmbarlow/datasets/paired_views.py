"""Views of two different images that belong together."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from mmbarlow.datasets.broken_images import Skipper
from mmbarlow.datasets.square import side_of
from mmbarlow.datasets.twin_views import make_views, planes_first
from mmbarlow.datasets.values import values_of
from mmbarlow.datasets.view import Drawn, Views
from mmbarlow.errors import BrokenImage, InputError
from mmbarlow.registry import TRANSFORMS

ViewOptions = dict | Sequence[dict]


@TRANSFORMS.register_module()
class PairedViews(BaseTransform):
    """Makes views of both images of a pair, with the steps of `mmbarlow.TwinViews`.

    Required keys: `img_path` and `pair_path`, as `mmbarlow.PairedImages` gives them. Sets `img` to
    a list of the views, those of the first image before those of the second: arrays (size, size,
    channels), uint8 RGB by default and float32, 0 to 255, for an image with `channels` or `range`.
    If either image cannot be read, the data set gives another pair.

    Args:
        size: height and width of the views, in pixels.
        view_a: changes to the defaults of `View` for the view of the first image; or a list of
            them, for as many views: `mmbarlow.TwoModalityBarlowTwins` takes one or two of each.
        view_b: the same for the second image.
        same_crop: crop, rotate and flip the views of both images alike, for registered images:
            place for place the views show the same pixels. The geometry is that of `view_a`.
        channels: of the first and of the second image, where they are not 8-bit RGB; None for one
            that is.
        range: of the first and of the second image, see `values_of`.

    Raises:
        InputError: an option or its value is unknown to `View` or to `values_of`; with `same_crop`,
            the images do not have equal numbers of views.
    """

    def __init__(
        self,
        size: int,
        view_a: ViewOptions,
        view_b: ViewOptions,
        same_crop: bool = False,
        channels: Sequence[int | None] = (None, None),
        range: Sequence[Any] = (None, None),
    ) -> None:
        a, b = ([side] if isinstance(side, dict) else list(side) for side in (view_a, view_b))
        if not a or not b or same_crop and len(a) != len(b):
            raise InputError(
                f'view_a has {len(a)} views and view_b {len(b)}: give each at least one, and with '
                'same_crop=True equal numbers.'
            )
        for name, option in dict(channels=channels, range=range).items():
            if isinstance(option, int | str) or len(option) != 2:
                raise InputError(
                    f'{name}={option!r} of mmbarlow.PairedViews: give one for each of the two '
                    f'images, such as {name}=({"3, 13" if name == "channels" else "None, None"}).'
                )
        self.sizes = [side_of(size)] * (len(a) + len(b))
        self.views = (SharedGeometry if same_crop else Views)(*a, *b)
        self.first = len(a)  # views of the first image
        self.values = [values_of(*side) for side in zip(channels, range, strict=True)]
        self.skipper = Skipper(self.make)

    def transform(self, results: dict) -> dict | None:
        made = self.skipper.read(results)
        return None if made is None else dict(results, img=[planes_first(v) for v in made[0]])

    def make(self, results: dict) -> tuple[list[np.ndarray], list[Drawn]]:
        """All views, and the parameters of each; raises BrokenImage."""
        made, drawn, sides = [], [], []
        pair = results, dict(results, img_path=results['pair_path'])
        places_of = range(self.first), range(self.first, len(self.sizes))
        for image, values, places in zip(pair, self.values, places_of, strict=True):
            views, parameters = make_views(image, self.views, self.sizes, values, places)
            made += views
            drawn += [parameters.of(i) for i in places]
            if isinstance(self.views, SharedGeometry):
                sides.append(self.views.sides)
        if sides and sides[0][0] * sides[1][1] != sides[0][1] * sides[1][0]:
            a, b = (f'{width} x {height}' for width, height in sides)
            raise BrokenImage(
                results['pair_path'], f'{b}, and {a} the other of its pair: no common crop'
            )
        return made, drawn


class SharedGeometry(Views):
    """Distributions of views of two images, of which the second half has the geometry of the first.

    Boxes are drawn as shares of an image, so that those in images of one size are equal, and in
    images of one shape they are the same region.
    """

    sides: tuple[int, int]  # width and height of the last image

    def draw(self, u: np.ndarray, width: np.ndarray | int, height: np.ndarray | int) -> Drawn:
        """Parameters from u (V, 1, NUMBERS), from U[0, 1), for one image, in pixels."""
        self.sides = int(width), int(height)
        drawn, half = super().draw(u, width, height), len(self.views) // 2
        return drawn._replace(
            angle=np.tile(drawn.angle[:half], (2, 1)),
            box=np.tile(drawn.box[:half], (2, 1, 1)),
            flip=np.tile(drawn.flip[:half], (2, 1)),
        )
