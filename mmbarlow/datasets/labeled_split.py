"""One split of labeled images, as a data set of MMEngine's."""

import numpy as np
from mmengine.dataset import BaseDataset

from mmbarlow.datasets.labeled_images import TEST_SHARE, read_labeled
from mmbarlow.errors import InputError
from mmbarlow.registry import DATASETS


@DATASETS.register_module()
class LabeledSplit(BaseDataset):
    """The images of one split of what `read_labeled` reads, each of one class.

    Where the source has no split, a fifth of each class is drawn as test images, always the same.

    Args:
        data_root: class folders, a table or a file in COCO's style.
        part: 'train' or 'test'.
        most: number of images at most; of more, so many are drawn, always the same.
        **kwargs: `pipeline` and the rest of MMEngine's BaseDataset.

    Raises:
        InputError: as `read_labeled`, or an image has several classes.
    """

    def __init__(self, data_root: str, part: str, most: int | None = None, **kwargs) -> None:
        self.part, self.most = part, most
        super().__init__(data_root=data_root, **kwargs)

    def load_data_list(self) -> list[dict]:
        labeled = read_labeled(str(self.data_root), split=TEST_SHARE)
        if labeled.several:
            raise InputError(
                f'{self.data_root} has images of several classes, of which kNN and a linear probe '
                'during training make nothing: leave --labeled out, and use `mmbarlow evaluate` '
                'when the training is done.'
            )
        labeled = labeled.part(self.part)
        if self.most and len(labeled.paths) > self.most:
            drawn = np.random.default_rng(0).choice(len(labeled.paths), self.most, replace=False)
            labeled = labeled.chosen(np.sort(drawn))
        self._metainfo['classes'] = tuple(labeled.classes)
        pairs = zip(labeled.paths, labeled.labels.tolist(), strict=True)
        return [dict(img_path=path, gt_label=label) for path, label in pairs]
