"""A part of the labels of any data set, the same number of each class."""

import numpy as np
from torch.utils.data import Subset

from mmbarlow.errors import InputError
from mmbarlow.registry import DATASETS


@DATASETS.register_module()
class LabelSubset(Subset):
    """`percent` % of a labelled data set, spread evenly over its classes.

    What SimCLR's lists are for ImageNet, for data without a published list: of N images in C
    classes, N * percent / 100 are kept, the counts of the classes differ by at most one, and with
    one seed the images of a small percentage are among those of a larger one. The seed is not that
    of the run: every run sees the same images.

    Args:
        dataset: config of a data set whose samples have a `gt_label`.
        percent: share to keep, above 0 and at most 100.
        seed: of the choice.

    Raises:
        InputError: a percentage out of range, one that leaves less than one image a class or asks
            for more of a class than it has, or samples without a label.
    """

    def __init__(self, dataset: dict, percent: float, seed: int = 0) -> None:
        if not 0 < percent <= 100:
            raise InputError(f'percent must be above 0 and at most 100, got {percent}.')
        built = DATASETS.build(dataset)
        labels = [built.get_data_info(i).get('gt_label') for i in range(len(built))]
        if None in labels:
            raise InputError(f'{dataset["type"]} has samples without gt_label: no subset of it.')
        super().__init__(built, choose(np.array(labels), percent, seed))

    @property
    def metainfo(self) -> dict:
        return self.dataset.metainfo  # pyright: ignore[reportAttributeAccessIssue]


def choose(labels: np.ndarray, percent: float, seed: int) -> list[int]:
    """Sorted indices into `labels` (N,): N * percent / 100 of them, evenly over the classes."""
    random = np.random.RandomState(seed)  # whose numbers no release of numpy changes
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
                f'{percent} % of all labels, spread evenly, is {count} a class, and class {label} '
                f'has {len(members)}: take a smaller percent.'
            )
        chosen += random.permutation(members)[:count].tolist()
    return sorted(chosen)
