"""More than two views of an image, of two sizes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from mmbarlow.datasets.broken_images import Skipper
from mmbarlow.datasets.square import side_of
from mmbarlow.datasets.twin_views import make_views, planes_first
from mmbarlow.datasets.values import values_of
from mmbarlow.datasets.view import Drawn, Views
from mmbarlow.errors import InputError
from mmbarlow.registry import TRANSFORMS


@TRANSFORMS.register_module()
class MultiViews(BaseTransform):
    """Makes global views of an image, and local ones of small parts of it, as multi-crop does.

    Multi-crop is of SwAV (Caron et al., NeurIPS 2020, section 3.2): two global views of 224 px and
    six local ones of 96 px, whose crops take 5 to 14 % of the image. The image is decoded once. Two
    global views are those of `mmbarlow.TwinViews`, bit for bit; keys, images and their `channels`
    and `range` as there. `mmbarlow.CrossCorrelationHead` says which views are compared.

    Args:
        size: height and width of the global views, in pixels.
        global_views: changes to the defaults of `View` for each of the global views.
        local_size: height and width of the local views, in pixels.
        local_views: the same for each of the local views, `[dict(crop_scale=(0.05, 0.14))] * 6`
            in SwAV's.
        channels: of the images; 3 are RGB.
        range: the numbers in the images that become 0 and 255, see `values_of`.

    Raises:
        InputError: fewer than two views, local views without a size, or an option or its value is
            unknown to `View` or to `values_of`.
    """

    def __init__(
        self,
        size: int,
        global_views: Sequence[dict],
        local_size: int | None = None,
        local_views: Sequence[dict] = (),
        channels: int | None = None,
        range: Any = None,
    ) -> None:
        if not global_views or len(global_views) + len(local_views) < 2:
            raise InputError(
                f'mmbarlow.MultiViews has {len(global_views)} global_views and {len(local_views)} '
                'local_views: give a global one at least, and two in all.'
            )
        if bool(local_views) != (local_size is not None):
            raise InputError(
                f'mmbarlow.MultiViews has {len(local_views)} local_views and local_size='
                f'{local_size}: give both or neither.'
            )
        self.sizes = [side_of(size)] * len(global_views)
        if local_size is not None:
            self.sizes += [side_of(local_size)] * len(local_views)
        self.views = Views(*global_views, *local_views)
        self.values = values_of(channels, range)
        self.skipper = Skipper(self.make)

    def transform(self, results: dict) -> dict | None:
        made = self.skipper.read(results)
        return None if made is None else dict(results, img=[planes_first(v) for v in made[0]])

    def make(self, results: dict) -> tuple[list[np.ndarray], Drawn]:
        """The views, global ones first, and their parameters; raises BrokenImage."""
        places = range(len(self.sizes))
        return make_views(results, self.views, self.sizes, self.values, places)
