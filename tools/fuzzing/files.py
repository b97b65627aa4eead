"""Image files of every format in docs/data.md, changed at random; each is known by two numbers."""

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image

EXTREME = (0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
SIDES = (0, 1, 100, 9_000, 13_377, 20_000, 32_767, 32_768, 65_500, 65_535, 10**6, 2**31 - 1)


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@cache
def sound_files() -> dict[str, bytes]:
    """A good file of each kind, by its name; what is in it is the same everywhere."""
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    rgb = coarse.resize((64, 48), Image.Resampling.BICUBIC)
    alpha, gray, palette = rgb.convert('RGBA'), rgb.convert('L'), rgb.quantize()
    alpha.putalpha(gray)
    deep = Image.fromarray(np.asarray(gray).astype(np.uint16) * 257)
    frames = dict(save_all=True, append_images=[rgb.rotate(90)])
    return {
        'baseline.jpg': encoded(rgb, 'JPEG', quality=90),
        'progressive.jpg': encoded(rgb, 'JPEG', progressive=True, restart_marker_rows=1),
        'gray.jpg': encoded(gray, 'JPEG'),
        'cmyk.jpg': encoded(rgb.convert('CMYK'), 'JPEG'),
        'rgb.png': encoded(rgb, 'PNG'),
        'alpha.png': encoded(alpha, 'PNG'),
        'palette.png': encoded(palette, 'PNG', transparency=0),
        'deep.png': encoded(deep, 'PNG'),
        'bit.png': encoded(gray.convert('1'), 'PNG'),
        'animated.png': encoded(rgb, 'PNG', **frames),
        'lossy.webp': encoded(rgb, 'WEBP'),
        'lossless.webp': encoded(alpha, 'WEBP', lossless=True),
        'animated.webp': encoded(rgb, 'WEBP', **frames),
        'rgb.bmp': encoded(rgb, 'BMP'),
        'palette.bmp': encoded(palette, 'BMP'),
        'raw.tif': encoded(rgb, 'TIFF'),
        'lzw.tif': encoded(rgb, 'TIFF', compression='tiff_lzw'),
        'deflate.tif': encoded(alpha, 'TIFF', compression='tiff_adobe_deflate', **frames),
        'jpeg.tiff': encoded(rgb, 'TIFF', compression='jpeg'),
        'fax.tif': encoded(gray.convert('1'), 'TIFF', compression='group4'),
        'deep.tif': encoded(deep, 'TIFF'),
        'palette.gif': encoded(palette, 'GIF'),
        'animated.gif': encoded(rgb, 'GIF', **frames),
        'rgb.ppm': encoded(rgb, 'PPM'),
        'gray.pgm': encoded(gray, 'PPM'),
        'deep.pgm': encoded(deep, 'PPM'),
    }


def flipped(data: bytearray, rng: np.random.Generator) -> bytearray:
    """A few bits, mostly of the first bytes, where the header is."""
    ends = len(data) if rng.random() < 0.5 else min(len(data), 200)
    for place in rng.integers(0, ends, rng.integers(1, 9)):
        data[place] ^= 1 << rng.integers(8)
    return data


def cut(data: bytearray, rng: np.random.Generator) -> bytearray:
    return data[: rng.integers(len(data))]


def field(data: bytearray, rng: np.random.Generator) -> bytearray:
    """Two or four bytes of the header become a number at the end of some range."""
    form = str(rng.choice(['<H', '>H', '<I', '>I']))
    place = int(rng.integers(0, min(len(data), 400) - 4))
    number = EXTREME[rng.integers(len(EXTREME))]
    struct.pack_into(form, data, place, number & (0xFFFF if 'H' in form else 0xFFFFFFFF))
    return data


def spliced(data: bytearray, rng: np.random.Generator) -> bytearray:
    """The beginning of one file and the rest of another."""
    others = list(sound_files().values())
    other = others[rng.integers(len(others))]
    return data[: rng.integers(len(data))] + other[rng.integers(len(other)) :]


def repeated(data: bytearray, rng: np.random.Generator) -> bytearray:
    """A part of the file once more, or many times."""
    start, end = sorted(rng.integers(0, len(data), 2).tolist())
    return data[:end] + data[start:end] * int(rng.choice([1, 3, 200])) + data[end:]


def blanked(data: bytearray, rng: np.random.Generator) -> bytearray:
    start, length = int(rng.integers(len(data))), int(rng.integers(1, 64))
    data[start : start + length] = bytes([rng.choice([0, 255])]) * len(data[start : start + length])
    return data


def enlarged(data: bytearray, rng: np.random.Generator) -> bytearray:
    """Width and height that the pixels do not have, with the checksums of the format."""
    width, height = (SIDES[i] for i in rng.integers(0, len(SIDES), 2))
    short, long = (width & 0xFFFF, height & 0xFFFF), (width, height)
    if data[:4] == b'\x89PNG':
        struct.pack_into('>II', data, 16, *long)
        struct.pack_into('>I', data, 29, zlib.crc32(data[12:29]))
    elif data[:2] == b'\xff\xd8':
        frame = max(data.find(b'\xff\xc0'), data.find(b'\xff\xc2'))
        struct.pack_into('>HH', data, frame + 5, *short[::-1])
    elif data[:3] == b'GIF':
        struct.pack_into('<HH', data, 6, *short)
        place = data.find(b',\0\0\0\0')
        struct.pack_into('<HH', data, place + 5, *short)
    elif data[:2] == b'BM':
        struct.pack_into('<II', data, 18, *long)
    elif data[:2] in (b'II', b'MM'):
        for tag, number in (
            (256, width),
            (257, height),
            (322, width),
            (323, height),
            (278, height),
        ):
            place = data.find(struct.pack('<H', tag), int.from_bytes(data[4:8], 'little'))
            if 0 <= place < len(data) - 12:
                struct.pack_into('<HII', data, place + 2, 4, 1, number)
    elif data[:1] == b'P':
        start, end = data.find(b'64'), data.find(b'48') + 2
        data[start:end] = f'{width} {height}'.encode()
    elif data[8:12] == b'WEBP':
        place = data.find(b'VP8X')
        if place >= 0:
            data[place + 12 : place + 15] = min(width, 2**24 - 1).to_bytes(3, 'little')
            data[place + 15 : place + 18] = min(height, 2**24 - 1).to_bytes(3, 'little')
        else:
            struct.pack_into('<HH', data, 26, width & 0x3FFF, height & 0x3FFF)
    return data


CHANGES: tuple[Callable[[bytearray, np.random.Generator], bytearray], ...] = (
    *(flipped, cut, field, spliced, repeated, blanked, enlarged),
)


def changed_file(seed: int, number: int) -> tuple[str, bytes]:
    """The name and content of a file: one of `sound_files` after one, two or three changes."""
    rng = np.random.default_rng((seed, number))
    names = list(sound_files())
    name = names[rng.integers(len(names))]
    data, changes = bytearray(sound_files()[name]), []
    for i in rng.integers(0, len(CHANGES), rng.choice([1, 1, 2, 3])):
        if len(data) > 40:
            data = CHANGES[i](data, rng)
            changes.append(CHANGES[i].__name__)
    return f'{number:05}-{"-".join(changes)}-{name}', bytes(data)
