"""Reading an image: from an array, a file or a member of a zip file to 8-bit RGB."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from mmbarlow.datasets.tiff import misread, unread_tiff
from mmbarlow.datasets.zip_members import read_member
from mmbarlow.errors import BrokenImage, InputError


def image_data(results: dict) -> bytes | np.ndarray | Image.Image:
    """What a sample holds of its image: `img`, a PIL image or an array, uint8 RGB (H, W, 3) or gray
    (H, W), or the bytes of the file `img_path` or of a `member` of a zip file.

    Raises:
        BrokenImage: there is no such file, it is a folder, or reading it is not allowed.
    """
    if 'img' in results:
        return results['img']
    try:
        if 'member' in results:
            return read_member(results['archive'], *results['member'])
        return Path(results['img_path']).read_bytes()
    except OSError as error:
        raise BrokenImage(str(results['img_path']), str(error.strerror).lower()) from None


def open_rgb(data: bytes | np.ndarray | Image.Image, path: str) -> Image.Image:
    """An image in 8-bit RGB, from anything that Pillow reads (docs/data.md, "What an image is").

    Args:
        data: from `image_data`.
        path: for the error message.

    Raises:
        BrokenImage: the data are no image, damaged, cut off, too large for Pillow, or of numbers
            that have no black and white: floats, signed ones, more than 16 bits.
        InputError: an array of another type or shape.
    """
    if isinstance(data, Image.Image):
        try:
            _check_numbers(data)  # a copy has lost the tags of its file
            return _rgb(data.copy())
        except Exception as error:  # it may still have to be read from its file
            raise BrokenImage(path, _reason(error)) from None
    if isinstance(data, np.ndarray):
        fits = data.ndim == 2 or data.shape[2:] == (3,)
        if data.dtype != np.uint8 or not fits or not data.size:
            raise InputError(
                f'an array of {data.dtype}, shape {data.shape}, is no image: give uint8, RGB '
                '(H, W, 3) or gray (H, W); of (H, W, 4) take x[..., :3], of (H, W, 1) x[..., 0].'
            )
        return Image.fromarray(data).convert('RGB')
    if not data:
        raise BrokenImage(path, 'empty')
    try:
        with Image.open(io.BytesIO(data)) as image:
            return _rgb(image)
    except UnidentifiedImageError:
        raise BrokenImage(path, unread_tiff(data) or 'no image') from None
    except Exception as error:  # on damaged bytes, decoders raise anything
        raise BrokenImage(path, _reason(error)) from None


class _NoBlackAndWhite(ValueError):
    pass


def _check_numbers(image: Image.Image) -> None:
    if reason := misread(image):
        raise _NoBlackAndWhite(reason)


def _rgb(image: Image.Image) -> Image.Image:
    _check_numbers(image)
    image.load()
    image.info.pop('transparency', None)  # Pillow would warn, and drop it
    if image.mode.startswith(('I', 'F')):  # 16 bits of gray, which some formats store in 32
        gray = np.asarray(image)
        if image.mode == 'F':
            raise _NoBlackAndWhite('gray of float numbers')
        if gray.min() < 0 or gray.max() > 65535:
            raise _NoBlackAndWhite('gray below 0 or above 65,535')
        image = Image.fromarray(((gray.astype(np.int64) + 128) // 257).astype(np.uint8))
    return image if image.mode == 'RGB' else image.convert('RGB')


def _reason(error: Exception) -> str:
    if isinstance(error, _NoBlackAndWhite):
        return str(error)
    if isinstance(error, Image.DecompressionBombError):
        return f'more than {2 * (Image.MAX_IMAGE_PIXELS or 0) // 10**6} million pixels'
    if isinstance(error, EOFError) or 'truncated' in str(error).lower():
        return 'truncated'
    return f'damaged: {error}'.split('\n')[0]


def read_rgb(results: dict) -> Image.Image:
    """The image of a sample, in RGB; raises BrokenImage."""
    return open_rgb(image_data(results), name_of(results))


def name_of(results: dict) -> str:
    """What messages call the image of a sample: the path of its file, if there is one."""
    path = results.get('img_path') or getattr(results.get('img'), 'filename', '')
    return str(path or 'an image in memory')
