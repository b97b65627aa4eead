"""ImageNet with the labels of 1 % or 10 % of its images, the same ones for everybody."""

import hashlib
import lzma
import os
from pathlib import Path

import numpy as np
from mmpretrain.datasets import ImageNet

from mmbarlow.datasets.missing_files import missing_files
from mmbarlow.errors import InputError
from mmbarlow.registry import DATASETS

LISTS = Path(__file__).parent / 'lists'
# sha256 of the uncompressed lists from google-research/simclr (Apache-2.0), imagenet_subsets/: one
# file name per line, 12 or 13 (128 or 129) of each class.
SHA256 = {
    '1percent': '71e82a48ba78252683ae334c4d019ebd5c6e855b9599c1389fbe83eb9549cf17',
    '10percent': '6d09de11e7bdaf5b1f3b1f249b6183695f97310cdd20f0c03e7235b6b9392091',
}


def read_list(subset: str) -> list[str]:
    """File names such as `n04235860_14959.JPEG`: 12,811 for '1percent', 128,116 for '10percent'.

    Raises:
        InputError: there is no such subset, or its list is not the published one.
    """
    if subset not in SHA256:
        raise InputError(f'subset must be {" or ".join(SHA256)}, got {subset!r}.')
    path = LISTS / f'{subset}.txt.xz'
    try:
        text = lzma.decompress(path.read_bytes())
    except (OSError, lzma.LZMAError) as error:
        raise InputError(f'{path}: {error}; install mmbarlow again.') from error
    if hashlib.sha256(text).hexdigest() != SHA256[subset]:
        raise InputError(f'{path} is not the published list: install mmbarlow again.')
    return text.decode().split()


@DATASETS.register_module()
class ImageNetSubset(ImageNet):
    """The labeled training images of semi-supervised learning, in class folders.

    Files lie as in the official download, `data_root/train/n01440764/n01440764_10026.JPEG`. The
    1 % are among the 10 %. Section B.2 of the paper: "the same split as SimCLR".

    Args:
        subset: '1percent' or '10percent'.
        **kwargs: arguments of `mmpretrain.ImageNet`, such as `data_root` and `pipeline`.

    Raises:
        InputError: the subset is unknown, or files of its list are missing on the disk.
    """

    def __init__(self, subset: str, split: str = 'train', **kwargs) -> None:
        if split != 'train':
            raise InputError(f'the {subset} subset is part of the training images, not of {split}.')
        self.subset = subset
        super().__init__(split=split, **kwargs)

    def load_data_list(self) -> list[dict]:
        paths = [f'{name.split("_")[0]}/{name}' for name in read_list(self.subset)]
        if missing := missing_files(self.img_prefix, paths):
            raise InputError(
                f'{len(missing):,} of the {len(paths):,} images of the {self.subset} subset of '
                f'ImageNet are not in {self.img_prefix}, the first is {missing[0]}: put the '
                'training images there, in class folders, or change data_root.'
            )
        # Each list has all 1,000 classes, so these ranks are ImageNet's labels.
        labels = np.unique([path.split('/')[0] for path in paths], return_inverse=True)[1]
        return [
            dict(img_path=os.path.join(self.img_prefix, path), gt_label=label)
            for path, label in zip(paths, labels.tolist(), strict=True)
        ]
