"""Reading an image in the channels and the numbers that its file has."""

from contextlib import suppress

import numpy as np
from PIL import Image, UnidentifiedImageError

from mmbarlow.datasets.formats.dicom import is_dicom, read_dicom
from mmbarlow.datasets.formats.numpy_file import NPY, ZIP, image_of, read_npy, read_npz
from mmbarlow.datasets.formats.sixteen_bits import read_deep, white_of
from mmbarlow.datasets.formats.tiff_numbers import MAGIC, read_tiff
from mmbarlow.datasets.pillow_image import Refused, load, numbers_of, opened, reason_of
from mmbarlow.datasets.size_limit import too_large, too_many
from mmbarlow.datasets.tiff import in_full
from mmbarlow.datasets.values import Values, wrong_channels
from mmbarlow.errors import BrokenImage

HDF5 = b'\x89HDF'


def open_bands(
    data: bytes | np.ndarray | Image.Image, path: str, values: Values | None = None
) -> np.ndarray:
    """An image (H, W, C) of the type that it is stored in: uint8, uint16, int8, int16, uint32,
    int32 or float32; C is 1 for gray and 3 for RGB, into which palettes turn; alpha is dropped.

    docs/data.md says what is read of each format. Numbers of 64 bits become numbers of 32.

    Args:
        data: from `image_data`.
        path: for the error message.
        values: what will be made of it, if that is known. The channels are compared, and a DICOM
            file gives the numbers that `values.low` and `high` count in; the picture of its own
            window, in uint16, where there are none.

    Raises:
        BrokenImage: as `open_rgb`, or the image has other channels than `values`.
        InputError: the package that reads such a file is not installed.
    """
    image = read_bands(data, path, picture=values is None or values.low is None)
    if values and image.shape[2] != values.channels and {image.shape[2], values.channels} != {1, 3}:
        raise BrokenImage(path, wrong_channels(image.shape[2], values.channels))
    return image


def read_bands(data: bytes | np.ndarray | Image.Image, path: str, picture: bool) -> np.ndarray:
    """The same, of any channels.

    Args:
        picture: of a DICOM file, see `read_dicom`.
    """
    try:
        return _read(data, path, picture)
    except Exception as error:  # on damaged bytes, decoders raise anything
        raise BrokenImage(path, reason_of(error)) from None


def is_eight_bit(data: bytes, path: str, image: Image.Image) -> bool:
    """Whether Pillow alone reads a file, and 8-bit gray or RGB is all that is in it.

    Args:
        image: the same file, opened by Pillow.
    """
    special = data.startswith(MAGIC) and not in_full(data)
    deep = image.mode.startswith(('I', 'F')) or white_of(data, image)
    return not (special or deep or is_dicom(data, path))


def _read(data: bytes | np.ndarray | Image.Image, path: str, picture: bool) -> np.ndarray:
    if isinstance(data, np.ndarray):
        return image_of(data)
    if isinstance(data, Image.Image):
        data = data.copy()
        load(data)
        return numbers_of(data)
    if not data:
        raise Refused('empty')
    image = read_special(data, path, picture)
    return _by_pillow(data) if image is None else image


def read_special(data: bytes, path: str, picture: bool = True) -> np.ndarray | None:
    """An image as `open_bands` gives it, of a format that Pillow does not read; None if it may.

    Args:
        picture: of a DICOM file, see `read_dicom`.

    Raises:
        Exception: any, `reason_of` makes words of it.
    """
    if data.startswith(NPY):
        return read_npy(data)
    if data.startswith(ZIP):
        return read_npz(data)
    if is_dicom(data, path):
        return read_dicom(data, picture)
    if data.startswith(HDF5):
        raise Refused('HDF5, which is no image but a data set: use mmbarlow.HDF5Images')
    if data.startswith(MAGIC) and not in_full(data):
        return read_tiff(data)
    return None


def size_of_image(data: bytes | np.ndarray | Image.Image, path: str) -> tuple[int, int]:
    """Width and height, by the header of a file where Pillow reads it; raises BrokenImage."""
    if isinstance(data, bytes):
        with suppress(UnidentifiedImageError), opened(data) as image:
            return image.size
    image = read_bands(data, path, picture=True)
    return image.shape[1], image.shape[0]


def format_of(data: bytes, path: str) -> str:
    """What a file of a format is called that Pillow does not read; '' for others."""
    beginnings = {NPY: 'NPY', ZIP: 'NPZ', HDF5: 'HDF5', **dict.fromkeys(MAGIC, 'TIFF')}
    named = (name for start, name in beginnings.items() if data.startswith(start))
    return next(named, 'DICOM' if is_dicom(data, path) else '')


def _by_pillow(data: bytes) -> np.ndarray:
    with opened(data) as image:
        if white := white_of(data, image):
            if reason := too_many(*image.size) or too_large((image.height, image.width, 4), 2):
                raise Refused(reason)
            return read_deep(data, white)
        load(image)
        return numbers_of(image)
