"""TIFF files that Pillow does not read, or reads wrongly: what is in them."""

import io
import logging
import warnings
from collections.abc import Mapping
from contextlib import suppress

from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

NUMBERS = {1: 'unsigned', 2: 'signed', 3: 'float', 5: 'complex', 6: 'complex'}
# tags: https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf
BITS, BANDS, PLANES, EXTRA, FORMAT = 258, 277, 284, 338, 339
ALPHA = (1, 2)  # kinds of extra samples

# It would write a line to the terminal for each file; `unread_tiff` says the same.
logging.getLogger('PIL.TiffImagePlugin').addHandler(logging.NullHandler())


def misread(image: Image.Image) -> str:
    """Why the pixels of a TIFF file, opened and not yet loaded, would be wrong; '' if they are not.

    Pillow takes signed bytes for unsigned ones, and of 16-bit bands in separate planes the bytes
    of one sample for two.
    """
    tags = getattr(image, 'tag_v2', {})
    gray = image.mode.startswith(('I', 'F'))
    planes = tags.get(PLANES, 1) == 2 and max(tags.get(BITS, (8,))) > 8
    signed = image.mode == 'L' and 2 in tags.get(FORMAT, (1,))
    if signed or (tags.get(BANDS, 1) > 1 if gray else planes):
        return _in_words(tags)
    return ''


def unread_tiff(data: bytes) -> str | None:
    """What is in a TIFF file that Pillow cannot identify; '' for gray or RGB in 8 bits, None for
    what is no TIFF file."""
    with suppress(Exception):  # on damaged bytes, it raises anything
        file = io.BytesIO(data)
        header = file.read(8)
        tags = ImageFileDirectory_v2(header + file.read(8 if header[2] == 43 else 0))  # BigTIFF
        file.seek(tags.next)
        tags.load(file)
        plain = tags.get(BANDS, 1) in (1, 3) and {*tags.get(BITS, ())} == {8}
        if BITS in tags:
            return '' if plain and _kinds(tags) == {1} else _in_words(tags)
    return None


def _in_words(tags: Mapping) -> str:
    bands, bits = tags.get(BANDS, 1), max(tags.get(BITS, (1,)))
    kind = NUMBERS.get(max(_kinds(tags)), 'unknown')
    s = '' if bands == 1 else 's'
    return f'TIFF of {bands} band{s} of {bits}-bit {kind} numbers'


def _kinds(tags: Mapping) -> set[int]:
    return {*tags.get(FORMAT, (1,))}


def in_full(data: bytes) -> bool:
    """Whether Pillow reads all that is in a TIFF file: one page, of gray or colors in 8 bits."""
    with suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter('ignore')  # of damaged tags: what reads the image says so
        image = Image.open(io.BytesIO(data), formats=('TIFF',))
        tags = getattr(image, 'tag_v2', {})
        colors = tags.get(BANDS, 1) - sum(kind in ALPHA for kind in tags.get(EXTRA, ()))
        return (
            max(tags.get(BITS, (1,))) <= 8
            and not misread(image)
            and (colors in (1, 3) or image.mode == 'CMYK')
            and not getattr(tags, 'next', 0)
        )
    return False
