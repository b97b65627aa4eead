"""The images in an array of an HDF5 file."""

import os
from functools import cache
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset

from mmbarlow.datasets.formats.numpy_file import check_type
from mmbarlow.datasets.pillow_image import Refused
from mmbarlow.datasets.size_limit import MAX_BYTES, too_large
from mmbarlow.errors import BrokenImage, InputError, printable
from mmbarlow.optional import package
from mmbarlow.registry import DATASETS

SUFFIXES = ('.h5', '.hdf5', '.he5')
PACKED = 8000  # the most numbers that a byte of the file may stand for: deflate reaches 1,032


@DATASETS.register_module()
class HDF5Images(BaseDataset):
    """The images in one array of an HDF5 file, (N, H, W) or (N, H, W, C), without labels.

    Each process opens the file by itself and reads one image at a time, so chunks of one image,
    `chunks=(1, H, W)`, are read fastest. Links to other files are not followed.

    Args:
        data_root: the file.
        key: of the array; by default the only one of such a shape.
        quiet: as in `ImageFolder`; there is nothing to say.
        **kwargs: `pipeline` and the rest of MMEngine's BaseDataset.

    Raises:
        InputError: there is no such file or array, several arrays to choose from, or one that is
            no array of numbers or has its numbers in other files.
    """

    def __init__(
        self, data_root: str, key: str | None = None, quiet: bool = False, **kwargs
    ) -> None:
        self.file = os.path.expanduser(data_root)
        self.key = key or ''
        super().__init__(data_root=data_root, **kwargs)

    def load_data_list(self) -> list[dict]:
        if not os.path.isfile(self.file):
            raise InputError(f'there is no HDF5 file {self.file}.')
        try:
            arrays = _arrays(_opened(self.file, os.getpid()))
            self.key = self._chosen(arrays)
            reason = _unreadable(arrays[self.key])
        except (OSError, RuntimeError) as error:
            said = printable(str(error).split('\n')[0])
            raise InputError(f'{self.file} is no HDF5 file, or damaged: {said}.') from None
        if reason:
            raise InputError(f'{self.key} in {self.file} holds no images to read: {reason}.')
        return [dict(row=row) for row in range(len(arrays[self.key]))]

    def get_data_info(self, idx: int) -> dict:
        info = super().get_data_info(idx)
        path = f'{self.file}/{self.key}[{info["row"]}]'
        return dict(info, img_path=path, file=self.file, key=self.key)

    def _chosen(self, arrays: dict[str, Any]) -> str:
        """The key of the array of images."""
        if self.key:
            if self.key.strip('/') in arrays:
                return self.key.strip('/')
            raise InputError(f'{self.file} has no array {self.key}: it has {_listed(arrays)}.')
        fitting = {key: array for key, array in arrays.items() if array.ndim in (3, 4)}
        if len(fitting) == 1:
            return next(iter(fitting))
        raise InputError(
            f'{self.file} has {len(fitting)} arrays (N, H, W) or (N, H, W, C), and key names one: '
            f'it has {_listed(arrays)}.'
        )


def _listed(arrays: dict[str, Any]) -> str:
    names = [f'{key} {array.shape}' for key, array in arrays.items()]
    return printable(', '.join(names[:8])) + (' and others' if len(names) > 8 else '') or 'none'


def _arrays(file: Any) -> dict[str, Any]:
    """All arrays that are in the file itself; links are not followed."""
    found = {}

    def look(name: str, item: Any) -> None:
        if hasattr(item, 'shape'):
            found[name] = item

    file.visititems(look)
    return found


def _unreadable(array: Any) -> str:
    """Why an array is not read, in words; '' if it is."""
    if array.ndim not in (3, 4) or not all(array.shape):
        return f'its shape is {array.shape}, where (N, H, W) or (N, H, W, C) is needed'
    if array.external or array.is_virtual:
        return 'its numbers are in other files: copy them into one'
    try:
        check_type(array.dtype)
    except Refused as error:
        return str(error)
    shape = (*array.shape[1:], 1)[:3]
    chunk = int(np.prod(array.chunks or (1,), dtype=object)) * array.dtype.itemsize
    if reason := too_large(shape, array.dtype.itemsize):
        return f'an image of {array.shape[1:]} is {reason}'
    if chunk > MAX_BYTES:
        return f'a chunk of {array.chunks} is too large'
    if array.size > PACKED * os.path.getsize(array.file.filename):
        return f'its shape {array.shape} is far more than the file holds'
    return ''


def read_row(file: str, key: str, row: int) -> np.ndarray:
    """An image of an array, (H, W) or (H, W, C); raises BrokenImage."""
    try:
        return _opened(file, os.getpid())[key][row]
    except (OSError, KeyError, RuntimeError, ValueError) as error:
        reason = printable(f'damaged: {error}'.split('\n')[0])
        raise BrokenImage(f'{file}/{key}[{row}]', reason) from None


@cache
def _opened(file: str, process: int) -> Any:
    """The opened file, of this process alone: HDF5 does not share it with forked ones."""
    return package('h5py', 'an HDF5 file', 'formats').File(file, 'r')
