"""The file of decoded images: a head of 64 bytes, pixels, and the table of contents.

head      magic, version, where the table begins and how long it is, length of the file
pixels    of one image after the other, uint8 RGB (height, width, 3)
table     JSON (classes, side, digest of the originals), a record for each image, their names
"""

import json
import os
import struct
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from mmbarlow.errors import InputError

MAGIC, VERSION = b'mmbarlow raw pix', 1
HEAD = struct.Struct(
    '<16sIIQQQ'
)  # magic, version, bytes of JSON, place of the table, images, bytes of the file
START = 64  # of the pixels
MOST = 2**28  # pixels of an image
ROW = np.dtype(
    [
        *(('start', '<u8'), ('height', '<u4'), ('width', '<u4'), ('label', '<i4')),
        *(('bytes', '<u8'), ('name', '<u8')),  # size of the original; end of its name
    ]
)
AGAIN = 'make it again with tools/cache_images.py'


@dataclass(frozen=True)
class Contents:
    """What is in a file; the arrays are views of it."""

    rows: np.ndarray  # (n,) of ROW
    names: np.ndarray  # uint8, one after the other
    pixels: np.ndarray  # uint8, the whole file
    about: dict

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(self.about['classes'])

    def name(self, place: int) -> str:
        """Of an original, relative to the folder."""
        start = self.rows['name'][place - 1] if place else 0
        return os.fsdecode(self.names[start : self.rows['name'][place]].tobytes())

    def image(self, place: int) -> np.ndarray:
        """The pixels (height, width, 3) of an image, which cannot be written to."""
        row = self.rows[place]
        start, height, width = int(row['start']), int(row['height']), int(row['width'])
        return self.pixels[start : start + 3 * height * width].reshape(height, width, 3)


def write_contents(file: BinaryIO, rows: np.ndarray, names: list[str], about: dict) -> None:
    """End a file whose pixels are written: the table, and then the head in front of them."""
    place = file.tell()
    text = json.dumps(about).encode()
    encoded = [os.fsencode(name) for name in names]
    rows['name'] = np.cumsum([len(name) for name in encoded])
    table = text + rows.tobytes() + b''.join(encoded)
    file.write(table)
    file.seek(0)
    length = place + len(table)
    file.write(HEAD.pack(MAGIC, VERSION, len(text), place, len(rows), length).ljust(START, b'\0'))


def read_contents(path: str) -> Contents:
    """The table of a file, and its pixels as mapped memory.

    Raises:
        InputError: there is no such file, it is no cache, of another version, cut off or damaged.
    """
    try:
        with open(path, 'rb') as file:
            head = file.read(START).ljust(START, b'\0')
        pixels = np.memmap(path, np.uint8, 'r') if os.path.getsize(path) else np.zeros(0, np.uint8)
    except OSError as error:
        raise InputError(f'cannot read {path}: {error.strerror}.') from None
    magic, version, text, place, count, length = HEAD.unpack(head[: HEAD.size])
    if magic != MAGIC:
        raise InputError(f'{path} is no cache of images: {AGAIN}.')
    if version != VERSION:
        raise InputError(f'{path} is of version {version}, and {VERSION} is read here: {AGAIN}.')
    if length != len(pixels):
        raise InputError(f'{path} has {len(pixels):,} bytes, and {length:,} belong there: {AGAIN}.')
    names = place + text + count * ROW.itemsize
    try:
        about = json.loads(pixels[place : place + text].tobytes())
        rows = np.frombuffer(pixels, ROW, count, place + text)
        whole = _is_whole(rows, about['classes'], place, length - names)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        whole = False
    if not whole:
        raise InputError(f'{path} is damaged: {AGAIN}.')
    return Contents(rows, pixels[names:length], pixels, about)


def _is_whole(rows: np.ndarray, classes: list, end: int, of_names: int) -> bool:
    """Whether all images, names and labels that the table tells of are there."""
    pixels = rows['height'].astype(float) * rows['width']
    names, labels = rows['name'].astype(np.int64), rows['label']
    return bool(
        ((pixels > 0) & (pixels < MOST)).all()
        and (rows['start'] >= START).all()
        and (rows['start'] + 3 * pixels <= end).all()
        and (np.diff(names, prepend=0) >= 0).all()
        and names[-1] == of_names
        and all(isinstance(name, str) for name in classes)
        and (not classes or ((labels >= 0) & (labels < len(classes))).all())
    )
