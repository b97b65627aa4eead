"""Reading an image: from an array, a file or a member of a zip file to 8-bit RGB."""

import os
import stat
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from PIL import Image, UnidentifiedImageError

from mmbarlow.datasets.formats.tiff_numbers import MAGIC
from mmbarlow.datasets.hdf5_images import read_row
from mmbarlow.datasets.pillow_image import Refused, check_numbers, load, opened, reason_of
from mmbarlow.datasets.size_limit import MAX_BYTES, TOO_LONG, array_of, bands
from mmbarlow.datasets.stored_image import read_special
from mmbarlow.datasets.tiff import unread_tiff
from mmbarlow.datasets.zip_members import Member, read_member
from mmbarlow.errors import BrokenImage, InputError

T = TypeVar('T')


def image_data(results: dict) -> bytes | np.ndarray | Image.Image:
    """What a sample holds of its image: `img`, a PIL image or an array, uint8 RGB (H, W, 3) or gray
    (H, W), an array of a `row` of an HDF5 file, or the bytes of the file `img_path` or of a
    `member` of a zip file.

    Raises:
        BrokenImage: there is no such file, it is a folder or a device, it is larger than
            `MAX_BYTES`, or reading it is not allowed.
    """
    if 'img' in results:
        return results['img']
    try:
        if 'member' in results:
            return read_member(results['archive'], Member(*results['member']))
        if 'row' in results:
            return read_row(results['file'], results['key'], results['row'])
        return _read_file(results['img_path'])
    except OSError as error:
        raise BrokenImage(str(results['img_path']), str(error.strerror).lower()) from None
    except ValueError:  # a list can have names that no file has
        raise BrokenImage(str(results['img_path']), 'no name of a file') from None


def _read_file(path: str | os.PathLike) -> bytes:
    found = os.stat(path)  # before it is opened: a pipe would wait for its other end
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        raise OSError(0, 'no regular file')
    if found.st_size > MAX_BYTES:
        raise OSError(0, TOO_LONG)
    with open(path, 'rb') as file:
        return file.read()


def open_rgb(data: bytes | np.ndarray | Image.Image, path: str) -> Image.Image:
    """An image in 8-bit RGB, from anything in `FORMATS` (docs/data.md, "What an image is").

    Args:
        data: from `image_data`.
        path: for the error message.

    Raises:
        BrokenImage: the data are no image of one of `FORMATS`, damaged, cut off, of more pixels
            than `too_many` permits, or of numbers that have no black and white: floats, signed
            ones, more than 16 bits.
        InputError: an array of another type or shape.
    """
    return _open(data, path, lambda image: image if image.mode == 'RGB' else image.convert('RGB'))


def open_array(data: bytes | np.ndarray | Image.Image, path: str) -> np.ndarray:
    """The same image as an array, uint8 (H, W, 3), which takes less memory on the way."""
    return _open(data, path, array_of)


def _open(
    data: bytes | np.ndarray | Image.Image, path: str, finish: Callable[[Image.Image], T]
) -> T:
    if isinstance(data, np.ndarray):
        fits = data.ndim == 2 or data.shape[2:] == (3,)
        if data.dtype != np.uint8 or not fits or not data.size:
            raise InputError(
                f'an array of {data.dtype}, shape {data.shape}, is no image: give uint8, RGB '
                '(H, W, 3) or gray (H, W); of (H, W, 4) take x[..., :3], of (H, W, 1) x[..., 0]; '
                'or set channels and range in the config for images of other numbers.'
            )
        return finish(Image.fromarray(data))
    if isinstance(data, bytes) and not data:
        raise BrokenImage(path, 'empty')
    try:
        if isinstance(data, Image.Image):
            check_numbers(data)  # a copy has lost the tags of its file
            return finish(_eight_bits(data.copy()))
        with opened(data) as image:
            return finish(_eight_bits(image))
    except UnidentifiedImageError as error:
        if not isinstance(data, bytes):
            raise BrokenImage(path, reason_of(error)) from None
    except Exception as error:  # on damaged bytes, decoders raise anything
        raise BrokenImage(path, reason_of(error)) from None
    try:
        return finish(_foreign(data, path))
    except Exception as error:
        raise BrokenImage(path, reason_of(error)) from None


def _foreign(data: bytes, path: str) -> Image.Image:
    """An image that Pillow cannot identify, where it is certain how it becomes 8-bit RGB."""
    if reason := unread_tiff(data):
        raise Refused(reason)
    damaged = data.startswith(MAGIC) and reason is None
    image = None if damaged else read_special(data, path)
    if image is None:
        raise Refused('no image')
    channels = image.shape[2]
    if image.dtype == np.uint8 and channels in (1, 3):
        return Image.fromarray(image[:, :, 0] if channels == 1 else image)
    if image.dtype == np.uint16 and channels == 1:
        return _scaled(Image.fromarray(image[:, :, 0]))
    raise Refused(f'{image.dtype} of {channels} channel{"s" * (channels > 1)}')


def _eight_bits(image: Image.Image) -> Image.Image:
    """The image with its pixels loaded, 16 bits of gray scaled to 8; the mode is any other."""
    load(image)
    if image.mode == 'F':
        raise Refused('gray of float numbers')
    return _scaled(image) if image.mode.startswith('I') else image  # or 16 bits stored in 32


def _scaled(image: Image.Image) -> Image.Image:
    gray = Image.new('L', image.size)
    for top, part in bands(image):
        if part.min() < 0 or part.max() > 65535:
            raise Refused('gray below 0 or above 65,535')
        scaled = ((part.astype(np.int64) + 128) // 257).astype(np.uint8)
        gray.paste(Image.fromarray(scaled), (0, top))
    return gray


def read_rgb(results: dict) -> Image.Image:
    """The image of a sample, in RGB; raises BrokenImage."""
    return open_rgb(image_data(results), name_of(results))


def name_of(results: dict) -> str:
    """What messages call the image of a sample: the path of its file, if there is one."""
    path = results.get('img_path') or getattr(results.get('img'), 'filename', '')
    return str(path or 'an image in memory')
