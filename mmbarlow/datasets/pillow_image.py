"""What Pillow may open, what it would read wrongly, and what its errors mean."""

import io
import warnings

import numpy as np
from PIL import Image, UnidentifiedImageError

from mmbarlow.datasets.size_limit import FORMATS, too_many
from mmbarlow.datasets.tiff import misread
from mmbarlow.errors import BrokenImage, InputError, printable

GRAY = ('1', 'L', 'LA', 'La')  # Pillow's modes of gray in 8 bits or less


class Refused(ValueError):
    """What a decoder would read, and gives no picture, or too large a one; the reason in words."""


def opened(data: bytes) -> Image.Image:
    """The header of an image, of which nothing is decoded yet."""
    with warnings.catch_warnings():  # Pillow's, from half of the limit on
        warnings.simplefilter('ignore', Image.DecompressionBombWarning)
        return Image.open(io.BytesIO(data), formats=FORMATS)


def load(image: Image.Image) -> None:
    """Decode an opened image.

    Raises:
        Refused: it is too large, or Pillow would take its numbers for others.
    """
    if reason := too_many(*image.size, image.format, image.mode):
        raise Refused(reason)
    check_numbers(image)
    image.load()
    image.info.pop('transparency', None)  # Pillow would warn, and drop it


def check_numbers(image: Image.Image) -> None:
    """Raises Refused where Pillow would take the numbers of an opened image for others."""
    if reason := misread(image):
        raise Refused(reason)


def numbers_of(image: Image.Image) -> np.ndarray:
    """The numbers of an image that is loaded, (H, W, 1) for gray and (H, W, 3) for colors."""
    if image.mode.startswith(('I', 'F')):
        deep = image.format in ('PNG', 'PPM')  # of 16 bits, which Pillow may keep in 32
        return np.asarray(image, np.uint16 if deep else None)[:, :, None]
    gray = image.mode in GRAY
    pixels = np.asarray(image.convert('L' if gray else 'RGB'))
    return pixels[:, :, None] if gray else pixels


def reason_of(error: Exception) -> str:
    """What an error of a decoder says of the image, in a few words.

    Raises:
        InputError: it is about no image, but about a package that is missing.
    """
    if isinstance(error, BrokenImage | Refused):
        return error.reason if isinstance(error, BrokenImage) else str(error)
    if isinstance(error, InputError):
        raise error
    if isinstance(error, UnidentifiedImageError):
        return 'no image'
    if isinstance(error, Image.DecompressionBombError):
        return too_many(2**31, 2**31)
    if isinstance(error, EOFError) or 'truncated' in str(error).lower():
        return 'truncated'
    return printable(f'damaged: {error}'.split('\n')[0])
