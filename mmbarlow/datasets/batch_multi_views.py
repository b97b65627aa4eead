"""Several views of a batch of small images, of two sizes, made on the device that trains."""

from collections.abc import Sequence

from mmbarlow.datasets.batch_twin_views import BatchViews
from mmbarlow.datasets.multi_views import sizes_of
from mmbarlow.registry import MODELS


@MODELS.register_module()
class BatchMultiViews(BatchViews):
    """Makes the views of `mmbarlow.MultiViews` from whole images and normalizes them.

    Images as for `mmbarlow.BatchTwinViews`, whose views two global ones are, bit for bit. Views of
    one size are made together.

    Args:
        size, global_views, local_size, local_views: as of `mmbarlow.MultiViews`.
        mean, std, non_blocking: see `BatchViews`.

    Raises:
        InputError: see `BatchViews` and `sizes_of`.
    """

    def __init__(
        self,
        size: int,
        global_views: Sequence[dict],
        mean: list[float],
        std: list[float],
        local_size: int | None = None,
        local_views: Sequence[dict] = (),
        non_blocking: bool = False,
    ) -> None:
        sizes = sizes_of('BatchMultiViews', size, global_views, local_size, local_views)
        super().__init__(sizes, [*global_views, *local_views], mean, std, non_blocking)
