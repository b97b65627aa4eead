"""A user's labeled images as a data set for training and testing."""

import numpy as np
from mmengine.dataset import BaseDataset

from mmbarlow.datasets.labeled_images import TEST_SHARE, LabeledImages, read_labeled
from mmbarlow.errors import InputError
from mmbarlow.registry import DATASETS


@DATASETS.register_module()
class LabeledFiles(BaseDataset):
    """The images of one split of what `read_labeled` reads.

    `gt_label` is a number, or, where images can have several classes, 1 or 0 for each class.
    `metainfo['classes']` are the names.

    Args:
        source: a folder, a `.csv` or a `.json`.
        part: 'train' or 'test'.
        share, split_seed, per_class: see `labeled_task_images`.
        **kwargs: `pipeline` and the rest of MMEngine's BaseDataset.

    Raises:
        InputError: see `read_labeled`.
    """

    def __init__(
        self,
        source: str,
        part: str,
        share: float = TEST_SHARE,
        split_seed: int = 0,
        per_class: int | None = None,
        **kwargs,
    ) -> None:
        self.part, self.images = part, (source, share, split_seed, per_class)
        super().__init__(**kwargs)

    def load_data_list(self) -> list[dict]:
        labeled = labeled_task_images(*self.images).part(self.part)
        self._metainfo['classes'] = tuple(labeled.classes)
        labels = labeled.labels.astype(int) if labeled.several else labeled.labels.tolist()
        pairs = zip(labeled.paths, labels, strict=True)
        return [dict(img_path=path, gt_label=label) for path, label in pairs]


def labeled_task_images(
    source: str, share: float = TEST_SHARE, seed: int = 0, per_class: int | None = None
) -> LabeledImages:
    """What `read_labeled` reads, always with a split.

    Args:
        source: a folder, a `.csv` or a `.json`.
        share: of test images, where the source has no split.
        seed: of all draws.
        per_class: train images to keep of each class, or all that it has; None keeps them all.

    Raises:
        InputError: see `read_labeled`; or images have several classes, and few are asked for.
    """
    labeled = read_labeled(source, share, seed)
    if per_class is None:
        return labeled
    if labeled.several or per_class < 1:
        raise InputError(
            f'{per_class} training images a class cannot be drawn: take 1 or more, and images of '
            'one class each.'
        )
    assert labeled.split is not None
    train = np.array(labeled.split) == 'train'
    kept, rng = ~train, np.random.default_rng(seed)
    for c in range(len(labeled.classes)):
        own = np.flatnonzero(train & (labeled.labels == c))
        kept[rng.permutation(own)[:per_class]] = True
    return labeled.chosen(np.flatnonzero(kept))
