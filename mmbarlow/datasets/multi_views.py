"""More than two views of an image, of two sizes."""

from collections.abc import Sequence
from typing import Any

from mmbarlow.datasets.twin_views import ImageViews
from mmbarlow.errors import InputError
from mmbarlow.registry import TRANSFORMS


@TRANSFORMS.register_module()
class MultiViews(ImageViews):
    """Makes global views of an image, and local ones of small parts of it, as multi-crop does.

    Multi-crop is of SwAV (Caron et al., NeurIPS 2020, section 3.2): two global views of 224 px and
    six local ones of 96 px, whose crops take 5 to 14 % of the image. The image is decoded once. Two
    global views are those of `mmbarlow.TwinViews`, bit for bit; keys and images as there.
    `mmbarlow.CrossCorrelationHead` says which views are compared, and `mmbarlow.BatchMultiViews`
    makes the views of small images on the device.

    Args:
        size: height and width of the global views, in pixels.
        global_views: changes to the defaults of `View` for each of the global views.
        local_size: height and width of the local views, in pixels.
        local_views: the same for each of the local views, `[dict(crop_scale=(0.05, 0.14))] * 6`
            in SwAV's.
        channels, range: see `ImageViews`.

    Raises:
        InputError: see `ImageViews` and `sizes_of`.
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
        sizes = sizes_of('MultiViews', size, global_views, local_size, local_views)
        super().__init__(sizes, [*global_views, *local_views], channels, range)


def sizes_of(
    name: str,
    size: int,
    global_views: Sequence[dict],
    local_size: int | None,
    local_views: Sequence[dict],
) -> list[int]:
    """Height and width of each view, the global ones first.

    Raises:
        InputError: no global view or fewer than two views, or local views without a size.
    """
    if not global_views or len(global_views) + len(local_views) < 2:
        raise InputError(
            f'mmbarlow.{name} has {len(global_views)} global_views and {len(local_views)} '
            'local_views: give a global one at least, and two in all.'
        )
    if bool(local_views) != (local_size is not None):
        raise InputError(
            f'mmbarlow.{name} has {len(local_views)} local_views and local_size={local_size}: '
            'give both or neither.'
        )
    local = [] if local_size is None else [local_size] * len(local_views)
    return [size] * len(global_views) + local
