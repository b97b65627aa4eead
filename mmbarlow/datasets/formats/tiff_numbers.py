"""TIFF of any bands and numbers, by tifffile."""

import io
import logging
import math
from typing import Any

import numpy as np

from mmbarlow.datasets.formats.numpy_file import narrow
from mmbarlow.datasets.pillow_image import Refused
from mmbarlow.datasets.size_limit import too_large
from mmbarlow.datasets.tiff import ALPHA
from mmbarlow.optional import package

MAGIC = (b'II*\0', b'MM\0*', b'II+\0', b'MM\0+')  # of the classic form, and of BigTIFF
MAX_PAGES = 256  # that may be the channels of one image
REDUCED = 1 | 4  # bits of NewSubfileType: a smaller copy of another page, a mask
WHITE_IS_ZERO, RGB = 0, 2
PHOTOMETRIC = (WHITE_IS_ZERO, 1, RGB)
# Decoders of these stop at the size that the header says; images of other formats inside of a
# TIFF file have headers of their own, which may say anything.
COMPRESSIONS = (1, 5, 8, 32773, 32946, 34925, 50000)
PACKED = 'no compression, LZW, deflate, PackBits, LZMA or Zstandard'

# It would write lines to the terminal about tags that matter to nobody here.
logging.getLogger('tifffile').addHandler(logging.NullHandler())


def read_tiff(data: bytes) -> np.ndarray:
    """All bands of a TIFF file, (H, W, C); pages of one size are channels, and alpha is dropped.

    Raises:
        Refused: it is too large, or no image of plain numbers.
    """
    tifffile = package('tifffile', 'a TIFF file of such numbers', 'formats')
    with tifffile.TiffFile(io.BytesIO(data), _multifile=False) as file:
        pages = _pages(file)
        first = pages[0]
        shape = (first.imagelength, first.imagewidth, _bands(first) * len(pages))
        if reason := too_large(shape, first.dtype.itemsize):
            raise Refused(reason)
        if not all(map(_plain, pages)):
            package('imagecodecs', 'a compressed or packed TIFF file', 'formats')
        images = [_decoded(page) for page in pages]
    return narrow(images[0] if len(images) == 1 else np.concatenate(images, axis=2))


def _pages(file: Any) -> list[Any]:
    """The pages in full size, which nothing is decoded of."""
    pages = []
    for page in file.pages:
        if page.subfiletype & REDUCED:
            continue
        _check(page)
        pages.append(page)
        if len(pages) > MAX_PAGES:
            raise Refused(f'TIFF of more than {MAX_PAGES} pages: write each to a file of its own')
    if not pages:
        raise Refused('no image')
    sizes = {(p.imagewidth, p.imagelength, p.samplesperpixel, p.dtype) for p in pages}
    if len(sizes) > 1:
        raise Refused(f'TIFF of {len(pages)} pages of different sizes: write each to its own file')
    return pages


def _check(page: Any) -> None:
    """Raises Refused for a page that is no image of plain numbers, or lies about its parts."""
    if page.dtype is None or page.dtype.kind not in 'buif' or page.imagedepth != 1:
        raise Refused(f'TIFF of {page.bitspersample}-bit numbers of an unknown kind')
    if page.photometric not in PHOTOMETRIC:
        raise Refused(f'TIFF of the color space {int(page.photometric)}')
    if page.compression not in COMPRESSIONS:
        raise Refused(f'TIFF of the compression {int(page.compression)}: write it with {PACKED}')
    if reason := too_large(page.chunks[:2], math.prod(page.chunks[2:]) * page.dtype.itemsize):
        raise Refused(reason)


def _plain(page: Any) -> bool:
    """Whether the file has the numbers as memory has them."""
    return page.compression == 1 and page.bitspersample == 8 * page.dtype.itemsize


def _bands(page: Any) -> int:
    return page.samplesperpixel - sum(int(extra) in ALPHA for extra in page.extrasamples)


def _decoded(page: Any) -> np.ndarray:
    """Its numbers (H, W, C), those of alpha left out."""
    image = page.asarray(maxworkers=1)
    if page.samplesperpixel == 1:
        image = image.reshape(page.imagelength, page.imagewidth, 1)
    elif page.planarconfig == 2:
        image = image.transpose(1, 2, 0)
    if page.photometric == WHITE_IS_ZERO and page.dtype.kind == 'u':
        image = (2**page.bitspersample - 1 - image.astype(np.int64)).astype(page.dtype)
    colors = page.samplesperpixel - len(page.extrasamples)
    kept = [i for i in range(image.shape[2]) if not _is_alpha(page, i - colors)]
    return image if len(kept) == image.shape[2] else image[:, :, kept]


def _is_alpha(page: Any, extra: int) -> bool:
    return extra >= 0 and int(page.extrasamples[extra]) in ALPHA
