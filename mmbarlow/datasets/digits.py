"""Real handwritten digits that need no download."""

import numpy as np
from mmengine.dataset import BaseDataset
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from mmbarlow.errors import InputError
from mmbarlow.registry import DATASETS

TEST_IMAGES = 360  # a fifth of the 1,797; the split is fixed so that results are comparable


@DATASETS.register_module()
class Digits(BaseDataset):
    """The 1,797 digits of 43 writers that scikit-learn ships (UCI, Alpaydin and Kaynak, 1998).

    They have 8 x 8 pixels in 17 gray levels and are enlarged to `size` by bicubic interpolation, in
    RGB.

    Args:
        split: 'train' (1,437 images) or 'test' (360), with the same share of each digit.
        size: height and width of the images, in pixels.
        **kwargs: `pipeline` and the rest of MMEngine's BaseDataset.
    """

    METAINFO = dict(classes=tuple('0123456789'))

    def __init__(self, split: str, size: int = 32, **kwargs) -> None:
        if split not in ('train', 'test'):
            raise InputError(f"split must be 'train' or 'test', got {split!r}.")
        self.split = split
        self.size = size
        super().__init__(**kwargs)

    def load_data_list(self) -> list[dict]:
        images, labels = load_digits(return_X_y=True)
        train, test = train_test_split(
            np.arange(len(labels)), test_size=TEST_IMAGES, stratify=labels, random_state=0
        )
        chosen = train if self.split == 'train' else test
        return [dict(img=self._enlarge(images[i]), gt_label=int(labels[i])) for i in chosen]

    def _enlarge(self, pixels: np.ndarray) -> np.ndarray:
        image = Image.fromarray((pixels.reshape(8, 8) * (255 / 16)).astype(np.uint8))
        image = image.resize((self.size, self.size), Image.Resampling.BICUBIC)
        return np.asarray(image.convert('RGB'))
