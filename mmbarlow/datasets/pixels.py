"""What the numbers in an image are, and how much of them is left in 8-bit RGB."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from PIL import Image, UnidentifiedImageError

from mmbarlow.datasets.pillow_image import opened
from mmbarlow.datasets.size_limit import bands
from mmbarlow.datasets.stored_image import format_of

DARK = 64  # a quarter of the range of 8 bits
DARK_SHARE = 0.5  # of the images that may be dark: photographs of the night are
SHARE = 0.001  # of the pixels that may be brighter than that in a dark image

KINDS = {'1': '1 bit', 'L': '8-bit gray', 'LA': '8-bit gray', 'P': 'palette', 'PA': 'palette'}
KINDS |= {'RGB': '8-bit RGB', 'RGBA': '8-bit RGB', 'RGBX': '8-bit RGB'}


@dataclass(frozen=True, slots=True)
class Pixels:
    """The numbers in one image."""

    kind: str  # '16-bit gray', '8-bit RGB', 'CMYK', ...
    low: int  # the least value: as stored for gray of 16 bits or more, in 8-bit RGB for all others
    high: int  # the greatest one
    white: int = 255  # the value that counts as white
    dropped: tuple[str, ...] = ()  # what the image has and 8-bit RGB has not
    constant: bool = False  # all pixels have one color
    dark: bool = False  # once in RGB, `DARK` or above is no more than `SHARE` of any channel


def pixels_of(data: bytes | np.ndarray | Image.Image, rgb: Image.Image) -> Pixels:
    """The numbers in an image that can be read.

    Args:
        data: from `image_data`.
        rgb: the same image, from `open_rgb`.
    """
    counts = np.array(rgb.histogram()).reshape(3, 256)
    used = np.flatnonzero(counts.any(0))
    constant = int((counts > 0).sum()) == 3
    dark = bool((counts[:, DARK:].sum(1) < SHARE * counts.sum(1)).all())
    if isinstance(data, np.ndarray):
        data = Image.fromarray(data)
    low, high, white = int(used[0]), int(used[-1]), 255
    try:
        image = data if isinstance(data, Image.Image) else opened(data)
    except UnidentifiedImageError:  # another reader has read it
        kind = f'{format_of(data, "") if isinstance(data, bytes) else ""} in 8 bits'
        return Pixels(kind, low, high, white, (), constant, dark)
    kind = _kind(image)  # before its pixels are loaded
    if image.mode.startswith('I'):
        ends = [(int(gray.min()), int(gray.max())) for _, gray in bands(image)]
        low, high, white = min(e[0] for e in ends), max(e[1] for e in ends), 65535
    return Pixels(kind, low, high, white, tuple(_dropped(image)), constant, dark)


def _kind(image: Image.Image) -> str:
    if image.mode.startswith('I'):
        return f'{max(getattr(image, "tag_v2", {}).get(258, (16,)))}-bit gray'
    # how a file's samples are stored: ('RGB;16B', 0, 1); Pillow itself takes the higher byte
    tiles = getattr(image, 'tile', None)
    stored = str(tiles[0][3]) if tiles else ''
    kind = KINDS.get(image.mode, image.mode)
    if image.format in ('PNG', 'TIFF') and ';16' in stored:
        return '16-bit gray in 8 bits' if 'LA' in stored else '16-bit RGB in 8 bits'
    if image.format == 'PPM' and '65535' in stored:
        return '16-bit RGB in 8 bits'
    return kind


def _dropped(image: Image.Image) -> Iterator[str]:
    if image.mode in ('LA', 'La', 'PA', 'RGBA', 'RGBa') or 'transparency' in image.info:
        yield 'alpha'
    further = getattr(image, 'tag_v2', {}).get(277, 0) - len(image.getbands())
    if further > 0:
        yield 'bands after the third'
    at = image.tell()
    with suppress(Exception):  # there is no other frame, or it is damaged: nobody reads it
        image.seek(at + 1)  # to count them all can take hours: Pillow looks each one up in a list
        yield 'frames after the first'
        image.seek(at)


def dropped_and_blank(images: Sequence[tuple[str, Pixels]]) -> Iterator[str]:
    """Lines on what of images (path and numbers) is not used, and on those that show little."""
    if dropped := Counter(what for _, p in images for what in p.dropped):
        of = (f'{what} of {n:,}' for what, n in dropped.most_common())
        yield 'dropped   ' + ', '.join(of)
    if constant := [(path, p) for path, p in images if p.constant]:
        black = sum(p.high == 0 for _, p in constant)
        yield f'one color {len(constant):,}, {black:,} of them black; the first is {constant[0][0]}'
    if dark := [(path, p) for path, p in images if p.dark]:
        yield f'dark      {len(dark):,}: {ranges(p for _, p in dark)}; the first is {dark[0][0]}'


def ranges(images: Iterable[Pixels]) -> str:
    """Kinds of pixels, the most frequent first: '3 of 16-bit gray, 0 to 4,095 of 65,535'."""
    kinds: dict[str, list[Pixels]] = {}
    for pixels in images:
        kinds.setdefault(pixels.kind, []).append(pixels)
    ranked = sorted(kinds.values(), key=len, reverse=True)
    lines = (
        f'{len(same):,} of {same[0].kind}, {min(p.low for p in same):,} to '
        f'{max(p.high for p in same):,} of {same[0].white:,}'
        for same in ranked
    )
    return '; '.join(lines)


def too_dark(images: Sequence[Pixels], share: float = DARK_SHARE) -> str:
    """What to say where more than `share` of the images are dark; '' where they are not."""
    dark = [p for p in images if p.dark]
    if len(dark) <= share * len(images):
        return ''
    return (
        f'{len(dark):,} of {len(images):,} images are almost black ({ranges(dark)}): in 8 bits, '
        f'99.9 % of their pixels are below {DARK} of 255, so little of them is left to learn from; '
        'set channels and range of the views to what they use (`mmbarlow verify FOLDER` prints '
        'the lines)'
    )
