"""Mean IoU of masks."""

from collections.abc import Sequence

import torch
from mmseg.evaluation import IoUMetric
from torch import Tensor

from mmbarlow.registry import METRICS


@METRICS.register_module()
class MaskMetric(IoUMetric):
    """mIoU, mAcc and aAcc in percent, unrounded, over the pixels of all images together.

    As mmseg's `IoUMetric`, whose table of the classes is logged, but summed in float64: mmseg adds
    the images in float32, which counts no further than 16.8 million pixels exactly, and returns two
    digits. mIoU leaves out classes that are neither in the masks nor predicted, mAcc those that are
    not in the masks. The arguments are those of `IoUMetric`.
    """

    def compute_metrics(self, results: Sequence[tuple[Tensor, ...]]) -> dict[str, float]:
        """From the pixels that are right, in either, predicted and annotated, (classes,) each, of
        every image."""
        names = super().compute_metrics(list(results))
        right, union, _, true = (
            torch.stack(part).double().sum(0) for part in zip(*results, strict=True)
        )
        found = dict(
            aAcc=right.sum() / true.sum(),
            mIoU=(right / union).nanmean(),
            mAcc=(right / true).nanmean(),
        )
        return {name: 100 * found[name].item() for name in names}
