"""A share of the labels of any data set, spread evenly over the classes."""

import numpy as np
from torch.utils.data import Subset

from mmbarlow.errors import InputError
from mmbarlow.registry import DATASETS


@DATASETS.register_module()
class LabelSubset(Subset):
    """`percent` % of a labeled data set, spread evenly over its classes.

    It does for data without a published list what SimCLR's lists do for ImageNet: of N images,
    N * percent / 100 are kept, the counts of the classes differ by at most one, and with the same
    seed the images of a small percentage are among those of a larger one. The seed is not the run's
    seed: every run sees the same images.

    Args:
        dataset: config of a data set whose samples have a `gt_label`.
        percent: share to keep, above 0 and at most 100.
        seed: seed of the random choice.

    Raises:
        InputError: the percentage is out of range, leaves less than one image per class or asks for
            more images of a class than it has, or samples have no label.
    """

    def __init__(self, dataset: dict, percent: float, seed: int = 0) -> None:
        if not 0 < percent <= 100:
            raise InputError(f'percent must be above 0 and at most 100, got {percent}.')
        built = DATASETS.build(dataset)
        labels = [built.get_data_info(i).get('gt_label') for i in range(len(built))]
        if None in labels:
            raise InputError(f'{dataset["type"]} has samples without gt_label: take a labeled one.')
        super().__init__(built, choose(np.array(labels), percent, seed))

    @property
    def metainfo(self) -> dict:
        return self.dataset.metainfo  # pyright: ignore[reportAttributeAccessIssue]


def choose(labels: np.ndarray, percent: float, seed: int) -> list[int]:
    """Sorted indices into `labels` (N,): N * percent / 100 of them, evenly over the classes."""
    random = np.random.RandomState(seed)  # its numbers are the same in all releases of NumPy
    total = int(len(labels) * percent / 100 + 1e-9)  # rounded down, as SimCLR's lists are
    classes = random.permutation(np.unique(labels))
    each, left = divmod(total, len(classes))
    if not each:
        raise InputError(
            f'{percent} % of {len(labels)} images is less than one for each of {len(classes)} '
            'classes: take a larger percent.'
        )
    chosen: list[int] = []
    for i, label in enumerate(classes):
        members, count = np.flatnonzero(labels == label), each + (i < left)
        if count > len(members):
            raise InputError(
                f'{percent} % of all labels, spread evenly, is {count} per class, but class '
                f'{label} has {len(members)}: take a smaller percent.'
            )
        chosen += random.permutation(members)[:count].tolist()
    return sorted(chosen)
