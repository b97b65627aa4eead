"""Images that were decoded once, in one file of pixels that any number of processes read."""

import os
from functools import cache
from pathlib import Path

import numpy as np
from mmengine.dataset import BaseDataset

from mmbarlow.datasets.raw_cache_format import Contents, read_contents
from mmbarlow.errors import InputError, printable
from mmbarlow.registry import DATASETS

COMPARED = 256  # names and sizes of originals, evenly spread
# Options of other data sets that a recipe may have left: the file says what they would.
OF_OTHERS = ('data_prefix', 'split', 'folder', 'names_from', 'with_label', 'ann_file', 'quiet')


@DATASETS.register_module()
class RawCache(BaseDataset):
    """The images of a file of `tools/cache_images.py`, in the order of the folder it was made of.

    They are uint8 RGB arrays, in the memory that all processes on a machine share with the system's
    cache of files: nothing is decoded, and only the rows that a crop needs are read. In a recipe it
    takes the place of the data set, whose own options it ignores, with two keys:
    `train_dataloader.dataset.type=mmbarlow.RawCache` and
    `train_dataloader.dataset.data_root=FILE`. Labels are those of the class folders, if there were
    any.

    Args:
        data_root: the file.
        originals: the folder it was made of, to compare names and sizes of some files.
        **kwargs: `pipeline` and the rest of MMEngine's BaseDataset.

    Raises:
        InputError: there is no such file, it is no cache, cut off, of another version, or of other
            images than `originals`.
    """

    def __init__(self, data_root: str, originals: str | None = None, **kwargs) -> None:
        self.file = os.path.expanduser(data_root)
        self.originals = originals and os.path.expanduser(originals)
        own = {key: value for key, value in kwargs.items() if key not in OF_OTHERS}
        super().__init__(data_root=data_root, **own)

    def load_data_list(self) -> list[dict]:
        contents = read_contents(self.file)
        if self.originals:
            check_originals(contents, self.file, self.originals)
        if not contents.classes:
            return [dict(place=place) for place in range(len(contents.rows))]
        self._metainfo['classes'] = contents.classes
        labels = contents.rows['label'].tolist()
        return [dict(place=place, gt_label=label) for place, label in enumerate(labels)]

    def get_data_info(self, idx: int) -> dict:
        info = super().get_data_info(idx)
        place = info.pop('place')
        contents = opened_cache(self.file, *state_of(self.file))
        path = os.path.join(self.file, contents.name(place))
        return dict(info, img_path=path, img=contents.image(place))


def state_of(file: str) -> tuple[int, int]:
    """What changes when a file is replaced."""
    try:
        found = os.stat(file)
    except OSError as error:
        raise InputError(f'cannot read {file}: {error.strerror}.') from None
    return found.st_mtime_ns, found.st_ino


@cache
def opened_cache(file: str, changed: int, number: int) -> Contents:
    """The contents of a file, once in each process; forked ones have those of their parent."""
    return read_contents(file)


def check_originals(contents: Contents, file: str, folder: str) -> None:
    """Raises InputError unless a sample of the originals is there, with the sizes they had."""
    count = len(contents.rows)
    for place in np.unique(np.linspace(0, count - 1, COMPARED).astype(int)).tolist():
        path, size = Path(folder, contents.name(place)), int(contents.rows['bytes'][place])
        if not path.is_file() or path.stat().st_size != size:
            other = 'has another size' if path.is_file() else 'does not exist'
            raise InputError(
                f'{file} is no cache of {folder}: {printable(path)} {other}. Make it again with '
                'tools/cache_images.py, or name the folder that it is of.'
            )
