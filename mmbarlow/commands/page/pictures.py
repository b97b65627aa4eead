"""Pictures as text within a page, in a bounded number of bytes."""

import base64
import io
import math
from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from PIL import Image

SPRITE_BYTES = 2_400_000  # of the JPEG with all thumbnails; a third more as text
QUALITIES = (82, 70, 55, 40, 25, 10)
SIDES = ((500, 64), (2000, 48))  # number of images up to which a thumbnail has so many pixels


def thumbnail(image: Image.Image, side: int) -> Image.Image:
    """The middle square of an image, `side` x `side` pixels, in RGB."""
    least = min(image.size)
    left, top = ((length - least) // 2 for length in image.size)
    filter_ = Image.Resampling.LANCZOS if least >= side else Image.Resampling.NEAREST
    box = (left, top, left + least, top + least)
    return image.resize((side, side), filter_, box, reducing_gap=3.0).convert('RGB')


def fitted(image: Image.Image, side: int) -> Image.Image:
    """The whole image with its longer side at most `side` pixels."""
    copy = image.copy()
    copy.thumbnail((side, side), reducing_gap=3.0)
    return copy


def jpeg_address(image: Image.Image, quality: int = 82) -> str:
    return _address(_encoded(image, 'JPEG', quality=quality, optimize=True), 'jpeg')


def sprite_address(thumbnails: Sequence[Image.Image]) -> tuple[str, int, int]:
    """All thumbnails in the rows of one JPEG, of at most `SPRITE_BYTES`.

    Returns:
        its address, the number of thumbnails in a row, and the side of each in pixels.
    """
    side = next((side for most, side in SIDES if len(thumbnails) <= most), SIDES[-1][1])
    columns = math.ceil(math.sqrt(len(thumbnails)))
    rows = math.ceil(len(thumbnails) / columns)
    sheet = Image.new('RGB', (columns * side, rows * side))
    for i, tile in enumerate(thumbnails):
        sheet.paste(tile.resize((side, side)), (i % columns * side, i // columns * side))
    data = b''
    for quality in QUALITIES:
        data = _encoded(sheet, 'JPEG', quality=quality, optimize=True)
        if len(data) <= SPRITE_BYTES:
            break
    return _address(data, 'jpeg'), columns, side


def matrix_address(values: np.ndarray) -> str:
    """A matrix with entries from -1 (blue) over 0 (white) to 1 (red), a pixel each, as PNG."""
    colors = colormaps['RdBu_r']((values.clip(-1, 1) + 1) / 2, bytes=True)[..., :3]
    return _address(_encoded(Image.fromarray(np.ascontiguousarray(colors)), 'PNG'), 'png')


def _encoded(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _address(data: bytes, kind: str) -> str:
    return f'data:image/{kind};base64,{base64.b64encode(data).decode()}'
