"""What a mask holds, and why it cannot be trained on."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from mmbarlow.datasets.image_frames import Frame, Size, look
from mmbarlow.datasets.size_limit import FORMATS, too_many

KINDS = ('L', 'P', '1')  # modes of Pillow in which a pixel is one number of 8 bits or less


class Mask(NamedTuple):
    """The size of a mask, and how many pixels have each value from 0 to 255, (256,)."""

    size: Size
    counts: np.ndarray


class Pair(NamedTuple):
    """An image and its mask, or a text for each that says why it cannot be read."""

    image: Frame | str
    mask: Mask | str


def look_at_pair(image: Path, mask: Path) -> Pair:
    return Pair(look(image), read_mask(mask))


def read_mask(path: Path) -> Mask | str:
    """The mask as mmseg reads it, with Pillow; a text says what is wrong with it."""
    try:
        with Image.open(path, formats=FORMATS) as image:
            if reason := too_many(*image.size, image.format, image.mode):
                return reason
            if image.mode not in KINDS:
                return f'it has the mode {image.mode}'
            if image.format == 'JPEG':
                return 'it is a JPEG, which changes numbers'
            values = np.asarray(image, dtype=np.uint8)
            return Mask(image.size, np.bincount(values.ravel(), minlength=256))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        return str(error).split('\n')[0] or 'it is no image'
