"""How large an image may be: one limit for every format, reader and tool (docs/data.md)."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image

# What Pillow may decode; other plugins of it run programs (EPS) or unpack without a limit (FITS).
FORMATS = ('AVIF', 'BMP', 'DIB', 'GIF', 'JPEG', 'PNG', 'PPM', 'TIFF', 'WEBP')
MAX_BYTES = 2**30  # of a file, or of a member of an archive once unpacked
TOO_LONG = f'more than {MAX_BYTES >> 20:,} mebibytes'
BAND = 2**20  # pixels that are looked at together: Pillow makes three copies of what NumPy gets


def max_pixels() -> int | None:
    """Pillow's limit, 178,956,970 pixels unless a program sets `Image.MAX_IMAGE_PIXELS`."""
    half = Image.MAX_IMAGE_PIXELS
    return None if half is None else 2 * half


def too_many(width: int, height: int, kind: str | None = '', mode: str = '') -> str:
    """Why an image of this size is not decoded; '' if it is.

    Args:
        kind, mode: Pillow's format and mode. The decoders of WebP and AVIF, and of JPEG in four
            colors, take twice the memory of others, and get half of the pixels.
    """
    most = max_pixels()
    if most and (kind in ('AVIF', 'WEBP') or (kind, mode) == ('JPEG', 'CMYK')):
        most //= 2
    if most is None or width * height <= most:
        return ''
    return f'more than {most // 10**6} million pixels'


def too_large(shape: Sequence[int], itemsize: int) -> str:
    """Why an array (H, W, C) of numbers of `itemsize` bytes is not read; '' if it is."""
    if reason := too_many(shape[1], shape[0]):
        return reason
    return TOO_LONG if math.prod(map(int, shape)) * itemsize > MAX_BYTES else ''


def rows_of(image: Image.Image) -> Iterator[tuple[int, int]]:
    """The first row and the end of each of its bands."""
    rows = max(1, BAND // image.width)
    yield from ((top, min(top + rows, image.height)) for top in range(0, image.height, rows))


def bands(image: Image.Image) -> Iterator[tuple[int, np.ndarray]]:
    """The rows of an image in parts, as arrays: (number of the first row, its pixels)."""
    for top, bottom in rows_of(image):
        yield top, np.asarray(image.crop((0, top, image.width, bottom)))


def array_of(image: Image.Image) -> np.ndarray:
    """An image of 8 bits in RGB, (H, W, 3), with a third of the memory of `np.asarray`."""
    if image.width * image.height <= BAND:
        return np.asarray(image if image.mode == 'RGB' else image.convert('RGB'))
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    for top, bottom in rows_of(image):
        band = image.crop((0, top, image.width, bottom))
        pixels[top:bottom] = np.asarray(band if band.mode == 'RGB' else band.convert('RGB'))
    return pixels
