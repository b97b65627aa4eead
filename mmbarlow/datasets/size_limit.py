"""How large an image may be: one limit for every format, reader and tool (docs/data.md)."""

import warnings
from collections.abc import Iterator

import numpy as np
from PIL import Image

# What Pillow may decode; other plugins of it run programs (EPS) or unpack without a limit (FITS).
FORMATS = ('AVIF', 'BMP', 'DIB', 'GIF', 'JPEG', 'MPO', 'PNG', 'PPM', 'TIFF', 'WEBP')
MAX_BYTES = 2**30  # of a file, or of a member of an archive once unpacked
BAND = 2**22  # pixels that are looked at together: Pillow makes three copies of what NumPy gets

# Pillow warns from half of the limit on.
warnings.filterwarnings('ignore', category=Image.DecompressionBombWarning)


def max_pixels() -> int | None:
    """Pillow's limit, 178,956,970 pixels unless a program sets `Image.MAX_IMAGE_PIXELS`."""
    half = Image.MAX_IMAGE_PIXELS
    return None if half is None else 2 * half


def too_many(size: tuple[int, int]) -> str:
    """Why an image of this width and height is not decoded; '' if it is."""
    most = max_pixels()
    if most is None or size[0] * size[1] <= most:
        return ''
    return f'more than {most // 10**6} million pixels'


def bands(image: Image.Image) -> Iterator[tuple[int, np.ndarray]]:
    """The rows of an image in parts, as arrays: (number of the first row, its pixels)."""
    width, height = image.size
    rows = max(1, BAND // width)
    if rows >= height:
        yield 0, np.asarray(image)
        return
    for top in range(0, height, rows):
        yield top, np.asarray(image.crop((0, top, width, min(top + rows, height))))


def array_of(image: Image.Image) -> np.ndarray:
    """`np.asarray` of an RGB image (H, W, 3), with a third of its memory for large ones."""
    parts = bands(image)
    top, first = next(parts)
    if len(first) == image.height:
        return first
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    pixels[: len(first)] = first
    for top, part in parts:
        pixels[top : top + len(part)] = part
    return pixels
