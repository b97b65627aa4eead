"""Decoding one image to see whether it can be read, and what is in it."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from mmbarlow.datasets.image_reading import image_data, name_of, open_rgb
from mmbarlow.datasets.number_table import NumberTable
from mmbarlow.datasets.pillow_image import GRAY, opened
from mmbarlow.datasets.pixels import Pixels, pixels_of
from mmbarlow.datasets.stored_image import format_of, is_eight_bit
from mmbarlow.errors import BrokenImage, InputError

ORIENTATION = 274  # the tag of EXIF, of which 1 is upright


@dataclass(frozen=True, slots=True)
class Checked:
    """The findings about one image."""

    path: str
    size: int = 0  # of the file, in bytes
    kind: str = ''  # JPEG, PNG, ...
    shape: tuple[int, int] = (0, 0)  # width and height, in pixels
    pixels: Pixels | None = None  # where it can be read as 8-bit RGB
    reason: str = ''  # why it cannot be read; empty if it can
    digest: bytes = b''  # of the content of the file, the same for the same content
    turned: bool = False  # it has an EXIF orientation, which is not applied
    needs: str = ''  # why it is no 8-bit RGB, where it can be read with channels and range


def check_image(sample: dict, table: NumberTable | None = None) -> Checked:
    """Decode an image completely: a file, a member of an archive or an array.

    Args:
        sample: of a data set.
        table: counts the numbers of the image. Without it, an image that is no 8-bit RGB counts
            as one that cannot be read, as it is where no channels and no range are set.
    """
    path = name_of(sample)
    try:
        data = image_data(sample)
        rgb, needs = _rgb(data, path)
        if rgb is None and table is None:
            return Checked(path, reason=needs)
        header = _header(data)
        shape = _count(data, path, rgb, header, table) if table else (0, 0)
    except BrokenImage as error:
        return Checked(path, reason=error.reason)
    found = Checked(path, shape=rgb.size if rgb else shape, needs=needs)
    if rgb:
        found = replace(found, pixels=pixels_of(data, rgb))
    if not isinstance(data, bytes):
        return found
    kind = header.format if header else format_of(data, path)
    digest = hashlib.blake2b(data, digest_size=16).digest()
    turned = _is_turned(header)
    return replace(found, size=len(data), kind=kind or '', digest=digest, turned=turned)


def _rgb(data: bytes | np.ndarray | Image.Image, path: str) -> tuple[Image.Image | None, str]:
    """The image in 8-bit RGB, or why it is none."""
    try:
        return open_rgb(data, path), ''
    except BrokenImage as error:
        return None, error.reason
    except InputError:
        if isinstance(data, np.ndarray):
            return None, f'an array of {data.dtype}, shape {data.shape}'
        raise


def _header(data: bytes | np.ndarray | Image.Image) -> Image.Image | None:
    if isinstance(data, Image.Image):
        return data
    if isinstance(data, bytes):
        with suppress(Exception):  # it is of no format that Pillow reads
            return opened(data)  # decoding has converted the image
    return None


def _count(
    data: bytes | np.ndarray | Image.Image,
    path: str,
    rgb: Image.Image | None,
    header: Image.Image | None,
    table: NumberTable,
) -> tuple[int, int]:
    """Count the numbers of an image as it is stored; returns its width and height."""
    plain = isinstance(data, bytes) and header and is_eight_bit(data, path, header)
    if rgb and header and plain:
        channels = 1 if header.mode in GRAY else 3
        counts = np.array(rgb.histogram()).reshape(3, 256)
        table.of(np.uint8, channels).add_counts(counts[:channels])
        return rgb.size
    stored = table.add(data, path)
    return stored.shape[1], stored.shape[0]


def _is_turned(header: Image.Image | None) -> bool:
    with suppress(Exception):  # damaged tags do not matter, since none is applied
        return header is not None and header.getexif().get(ORIENTATION, 1) != 1
    return False
