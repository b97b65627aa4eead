"""What is in the numbers of an image, and which images 8-bit RGB leaves black or wrong."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from mmbarlow.datasets.image_reading import open_rgb
from mmbarlow.datasets.pixels import (
    Pixels,
    dropped_and_blank,
    pixels_of,
    ranges,
    too_dark,
)
from mmbarlow.errors import BrokenImage

RAMP = np.linspace(0, 1, 48 * 40).reshape(40, 48)
GRAY = (RAMP * 255).astype(np.uint8)
COLOR = np.stack([GRAY, GRAY[::-1], GRAY[:, ::-1]], 2)
FORMATS = dict(u=1, i=2, f=3)


def tiff(x: np.ndarray, photometric: int = 1, separate: bool = False) -> bytes:
    """An uncompressed TIFF file of (H, W) or (H, W, bands), in one strip or one for each band."""
    x = x.reshape(*x.shape[:2], -1)
    height, width, bands = x.shape
    planes = [x[..., i] for i in range(bands)] if separate else [x]
    parts = [np.ascontiguousarray(plane).tobytes() for plane in planes]
    tags = {256: [width], 257: [height], 258: [8 * x.itemsize] * bands, 259: [1]}
    tags |= {262: [photometric], 273: [], 277: [bands], 278: [height], 279: [len(p) for p in parts]}
    tags |= {284: [2 if separate else 1], 339: [FORMATS[x.dtype.kind]] * bands}
    extra = bands - (3 if photometric == 2 else 1)
    tags |= {338: [0] * extra} if extra else {}
    end = 8 + 2 + 12 * len(tags) + 4
    starts = end + np.cumsum([0, *map(len, parts)])
    tags[273] = starts[:-1].tolist()
    directory, tail = b'', b''
    for tag, values in sorted(tags.items()):
        raw = struct.pack(f'<{len(values)}I', *values)
        if len(values) > 1:
            where, tail = starts[-1] + len(tail), tail + raw
            raw = struct.pack('<I', where)
        directory += struct.pack('<HHI', tag, 4, len(values)) + raw
    head = struct.pack('<2sHIH', b'II', 42, 8, len(tags))
    return head + directory + bytes(4) + b''.join(parts) + tail


def encoded(image: Image.Image, kind: str = 'PNG', **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def look(data: bytes | np.ndarray) -> Pixels:
    return pixels_of(data, open_rgb(data, 'a'))


@pytest.mark.parametrize(
    ('data', 'wanted'),
    [
        (encoded(Image.fromarray(COLOR)), Pixels('8-bit RGB', 0, 255)),
        (COLOR, Pixels('8-bit RGB', 0, 255)),
        (GRAY, Pixels('8-bit gray', 0, 255)),
        (encoded(Image.fromarray(COLOR).convert('CMYK'), 'TIFF'), Pixels('CMYK', 0, 255)),
        (encoded(Image.fromarray(GRAY).convert('1')), Pixels('1 bit', 0, 255)),
        (encoded(Image.fromarray(GRAY).convert('LA')), Pixels('8-bit gray', 0, 255)),
        (tiff((RAMP * 65535).astype(np.uint16)), Pixels('16-bit gray', 0, 65535, 65535)),
        (tiff((RAMP * 65535).astype(np.int32)), Pixels('32-bit gray', 0, 65535, 65535)),
        (tiff((COLOR * np.uint16(257)), 2), Pixels('16-bit RGB in 8 bits', 0, 255)),
        (tiff(np.dstack([COLOR, GRAY, GRAY]), 2), Pixels('8-bit RGB', 0, 255)),
    ],
)
def test_depth_and_range_are_those_of_the_file(data, wanted):
    found = look(data)
    assert (found.kind, found.high, found.white) == (wanted.kind, wanted.high, wanted.white)
    assert found.low <= 1  # a JPEG file need not have its zeros
    assert not found.dark
    assert not found.constant


def test_what_is_dropped_is_named():
    palette = Image.fromarray(COLOR).quantize(8)
    frames = [Image.fromarray(np.roll(COLOR, i, 0)) for i in (0, 7)]
    assert look(encoded(Image.fromarray(COLOR).convert('RGBA'))).dropped == ('alpha',)
    assert look(encoded(palette, transparency=3)).dropped == ('alpha',)
    assert look(tiff(np.dstack([COLOR, GRAY, GRAY]), 2)).dropped == ('bands after the third',)
    several = encoded(frames[0], 'GIF', save_all=True, append_images=frames[1:])
    assert look(several).dropped == ('frames after the first',)
    assert look(encoded(frames[0].convert('LAB'), 'TIFF')).dropped == ()


@pytest.mark.parametrize('bits', [10, 12])
def test_few_bits_in_a_file_of_16_are_dark_and_told_with_their_range(bits):
    top = 2**bits - 1
    gray, color = (RAMP * top).astype(np.uint16), (COLOR / 255 * top).astype(np.uint16)
    for data, kind, high in (
        (tiff(gray), '16-bit gray', top),
        (encoded(Image.fromarray(gray)), '16-bit gray', top),
        (tiff(color, 2), '16-bit RGB in 8 bits', top // 256),
    ):
        found = look(data)
        assert (found.kind, found.high, found.dark) == (kind, high, True)
    says = too_dark([look(tiff(gray))] * 3)
    assert says.startswith(f'3 of 3 images are almost black (3 of 16-bit gray, 0 to {top:,} of 65,')
    assert not look(tiff((RAMP * 65535).astype(np.uint16))).dark


def test_up_to_half_of_the_images_may_be_dark():
    night, day = look(GRAY // 8), look(GRAY)
    assert (night.dark, day.dark) == (True, False)
    assert too_dark([night, day]) == ''
    assert too_dark([night, night, day], 0.7) == ''
    assert too_dark([night, night, day]).startswith('2 of 3 images are almost black')


def test_few_bright_pixels_do_not_make_a_dark_image_bright():
    hot = GRAY // 8
    hot[0, 0] = 255  # one of 1,920 pixels
    assert look(hot).dark
    hot[0, :2] = 255
    assert not look(hot).dark


def test_the_lines_count_kinds_and_name_the_first_blank_image():
    black, white = np.zeros((4, 4), np.uint8), np.full((4, 4), 255, np.uint8)
    names = [('a', look(GRAY)), ('b', look(black)), ('c', look(white))]
    pixels = [p for _, p in names]
    assert ranges(pixels) == '3 of 8-bit gray, 0 to 255 of 255'
    assert list(dropped_and_blank(names)) == [
        'one color 2, 1 of them black; the first is b',
        'dark      1: 1 of 8-bit gray, 0 to 0 of 255; the first is b',
    ]


@pytest.mark.parametrize(
    ('data', 'reason'),
    [
        (tiff(np.dstack([GRAY] * 4)), 'TIFF of 4 bands of 8-bit unsigned numbers'),
        (tiff(np.dstack([GRAY] * 13)), 'TIFF of 13 bands of 8-bit unsigned numbers'),
        (tiff(np.dstack([GRAY] * 2).astype('u2'), 1, True), 'TIFF of 2 bands of 16-bit unsigned'),
        (tiff(COLOR.astype(np.uint16), 2, True), 'TIFF of 3 bands of 16-bit unsigned numbers'),
        (tiff(COLOR.astype(np.float32), 2), 'TIFF of 3 bands of 32-bit float numbers'),
        (tiff(RAMP), 'TIFF of 1 band of 64-bit float numbers'),
        (tiff((GRAY - 128).astype(np.int8)), 'TIFF of 1 band of 8-bit signed numbers'),
        (tiff(RAMP.astype(np.float32)), 'gray of float numbers'),
        (tiff((RAMP * 100 - 50).astype(np.int16)), 'gray below 0 or above 65,535'),
        (tiff((RAMP * 4e9).astype(np.uint32)), 'gray below 0 or above 65,535'),
        (b'II*\0' + bytes(3), 'no image'),
    ],
)
def test_numbers_without_a_black_and_a_white_are_not_read(data, reason):
    with pytest.raises(BrokenImage) as caught:
        open_rgb(data, 'a.tif')
    assert caught.value.reason.startswith(reason)


def test_separate_planes_of_bytes_are_read_as_they_are():
    assert (np.asarray(open_rgb(tiff(COLOR, 2, True), 'a')) == COLOR).all()
