"""Compare images with the sizes in their annotations, and find those that cannot be read."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import mmcv
from PIL import Image

from mmbarlow.datasets.faults import some
from mmbarlow.datasets.size_limit import FORMATS, too_many

ENDS = dict(JPEG=b'\xff\xd9', MPO=b'\xff\xd9', PNG=b'IEND')  # of a file that is not cut off
ORIENTATION = 0x112  # the EXIF tag; from 5 on, the image is turned by a quarter
BLACK = 32  # of 255: 10-bit and 12-bit values in 16-bit files stay below it
UNTURNED = ('unchanged', 'color_ignore_orientation', 'grayscale_ignore_orientation')

Size = tuple[int, int]  # width and height


class Frame(NamedTuple):
    """The size of an image as its pixels are stored, and as its EXIF tag says to show it."""

    stored: Size
    shown: Size
    dark: int | None = None  # the highest value after mmcv has read 16 bits, if it is low


def image_faults(
    images: Sequence[tuple[Path, Size | None]], source: object, pipeline: Sequence[dict]
) -> list[str]:
    """What is wrong with images, one sentence without its full stop for each kind of fault.

    The header of each file is read, and its end; only files that look cut off and those that are
    neither JPEG nor PNG are decoded.

    Args:
        images: the file and the size in the annotations of each image; None where they have none.
        source: where the annotations are, for messages.
        pipeline: of the data set; `LoadImageFromFile` in it turns images as their EXIF tag says.
    """
    flags = [step.get('color_type', 'color') for step in pipeline if 'LoadImage' in step['type']]
    turns = not any(flag in UNTURNED for flag in flags)
    broken, turned, other, dark = [], [], [], []
    with ThreadPoolExecutor(16) as pool:
        frames = pool.map(look, [path for path, _ in images])
        for (path, size), frame in zip(images, frames, strict=True):
            if isinstance(frame, str):
                broken.append(f'{path.name}: {frame}')
                continue
            used = frame.shown if turns else frame.stored
            if size is not None and size != used:
                unturned = turns and size == frame.stored
                text = f'{path.name} is {_by(used)}, not {_by(size)}'
                (turned if unturned else other).append(text)
            if frame.dark is not None:
                dark.append(f'{path.name}: at most {frame.dark} of 255')
    kinds = {
        'cannot be read': (broken, 'replace them, or remove them from the annotations'),
        'are turned by their EXIF tag, while their annotations have the size, and so probably the '
        'boxes, of the pixels before that': (
            turned,
            "annotate the turned images, or set color_type='color_ignore_orientation' in each "
            'LoadImageFromFile',
        ),
        'have another size than their annotations say': (
            other,
            'correct width and height if the boxes fit these files, or put back those that were '
            'annotated',
        ),
        'are nearly black, as mmcv divides 16 bits by 256': (
            dark,
            'save them with 8 bits, stretched to their range',
        ),
    }
    return [
        f'{len(found)} of {len(images)} images of {source} {kind} ({some(found, 2)}): {cure}'
        for kind, (found, cure) in kinds.items()
        if found
    ]


def _by(size: Size) -> str:
    return f'{size[0]} x {size[1]}'


def look(path: Path) -> Frame | str:
    """The sizes of an image, or why mmcv cannot read it."""
    try:
        with Image.open(path, formats=FORMATS) as image:
            if reason := too_many(*image.size, image.format, image.mode):
                return reason
            kind, size, mode = image.format, image.size, image.mode
            tag = image.getexif().get(ORIENTATION, 1) if kind in ('JPEG', 'MPO') else 1
            if kind not in ENDS or mode.startswith('I') or 'exif' in image.info and kind == 'PNG':
                return _decode(path, mode)
            if ENDS[kind] not in _end(path):
                image.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        whole = Image.UnidentifiedImageError
        return _decode(path, '') if isinstance(error, whole) else str(error).split('\n')[0]
    turned = isinstance(tag, int) and tag >= 5
    return Frame(size, (size[1], size[0]) if turned else size)


def _end(path: Path) -> bytes:
    with path.open('rb') as file:
        file.seek(-min(path.stat().st_size, 64), 2)
        return file.read()


def _decode(path: Path, mode: str) -> Frame | str:
    try:
        shown = mmcv.imread(path)
        stored = mmcv.imread(path, 'color_ignore_orientation')
    except Exception as error:  # of any backend
        return str(error).split('\n')[0]
    if shown is None or stored is None:
        return 'no image'
    dark = int(shown.max()) if mode.startswith('I') and shown.max() < BLACK else None
    (height, width), (shown_height, shown_width) = stored.shape[:2], shown.shape[:2]
    return Frame((width, height), (shown_width, shown_height), dark)
