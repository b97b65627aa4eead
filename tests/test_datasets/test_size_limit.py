"""Images whose header promises more than a machine can hold: refused before they are decoded."""

import io
import os
import resource
import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from mmbarlow.datasets import size_limit, view_ops
from mmbarlow.datasets.image_checks import check_image
from mmbarlow.datasets.image_reading import open_array, open_rgb
from mmbarlow.datasets.plain_views import CenterView, WholeView
from mmbarlow.datasets.stored_image import open_bands
from mmbarlow.datasets.twin_views import TwinViews
from mmbarlow.errors import BrokenImage

TURNED = dict(rotate=30.0, crop_scale=(1.0, 1.0))
READERS = dict(
    training=lambda sample: TwinViews(32, {}, {}).make(sample),
    turned=lambda sample: TwinViews(32, TURNED, TURNED).make(sample),
    center=lambda sample: CenterView(32).transform(sample),
)


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def jpeg(width: int, height: int, mode: str = 'RGB', **options) -> bytes:
    """A JPEG file of a few hundred bytes that says to be of that size."""
    data = bytearray(encoded(Image.new(mode, (16, 16)), 'JPEG', **options))
    frame = max(data.find(b'\xff\xc0'), data.find(b'\xff\xc2'))
    struct.pack_into('>HH', data, frame + 5, height, width)
    return bytes(data)


def png(width: int, height: int) -> bytes:
    data = bytearray(encoded(Image.new('L', (16, 16)), 'PNG'))
    struct.pack_into('>II', data, 16, width, height)
    struct.pack_into('>I', data, 29, zlib.crc32(data[12:29]))
    return bytes(data)


def webp(width: int, height: int) -> bytes:
    """A few bytes that are an image of one color."""
    return encoded(Image.new('RGB', (width, height)), 'WEBP', lossless=True, method=0)


HUGE = {
    'baseline.jpg': jpeg(65_500, 65_500),
    'progressive.jpg': jpeg(20_000, 20_000, progressive=True),
    'gray.jpg': jpeg(65_500, 2_800, 'L'),
    'cmyk.jpg': jpeg(11_000, 11_000, 'CMYK'),
    'a.png': png(20_000, 20_000),
    'long.png': png(2**31 - 1, 1),
    'a.webp': webp(10_000, 10_000),
}


@pytest.mark.parametrize('name', HUGE)
def test_verification_and_training_refuse_it_with_the_same_words(name, tmp_path):
    (tmp_path / name).write_bytes(HUGE[name])
    sample = dict(img_path=str(tmp_path / name), sample_idx=0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reason = check_image(sample).reason
    assert reason == f'more than {89 if name in ("cmyk.jpg", "a.webp") else 178} million pixels'
    for read in READERS.values():
        with pytest.raises(BrokenImage) as caught:
            read(dict(sample))
        assert caught.value.reason == reason
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KiB


@pytest.mark.parametrize('size', [(65_500, 100), (100, 65_500), (40_000, 1), (1, 40_000)])
@pytest.mark.parametrize('kind', ['JPEG', 'PNG'])
def test_a_strip_is_read_and_turned_without_an_error_of_opencv(size, kind, tmp_path):
    (tmp_path / 'a').write_bytes(encoded(Image.new('RGB', size, 'red'), kind))
    sample = dict(img_path=str(tmp_path / 'a'), sample_idx=0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert check_image(sample).reason == ''
    for read in READERS.values():
        read(dict(sample))
    WholeView(32, 64).transform(dict(sample))
    view = CenterView(32).transform(dict(sample))['img']
    assert np.abs(view - np.array([255, 0, 0])).max() < 3
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000


def test_a_part_of_a_turned_image_is_that_of_the_whole_one(monkeypatch):
    rng = np.random.default_rng(0)
    image = np.asarray(
        Image.fromarray(rng.integers(0, 256, (9, 12, 3), np.uint8)).resize((240, 180))
    )
    for angle in (-30.0, 4.5, 120.0):
        whole = view_ops.rotate(image, angle)
        part = view_ops.rotate(image, angle, (50, 20, 120, 100)).astype(int)
        assert np.abs(part - whole[20:120, 50:170]).mean() < 0.1
        monkeypatch.setattr(view_ops, 'TILE', 64)
        assert np.abs(view_ops.rotate(image, angle).astype(int) - whole).mean() < 0.1
        monkeypatch.undo()


@pytest.mark.parametrize('mode', ['RGB', 'L', 'P', 'RGBA', 'CMYK', '1', 'I;16'])
def test_an_array_made_in_bands_is_the_image(mode, monkeypatch):
    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(0, 256, (61, 40, 3), dtype=np.uint8))
    image = (
        Image.fromarray(np.asarray(image.convert('L')).astype(np.uint16) * 257)
        if (mode == 'I;16')
        else image.convert(mode)
    )
    data = encoded(image, 'TIFF')
    whole = np.asarray(open_rgb(data, ''))
    monkeypatch.setattr(size_limit, 'BAND', 200)
    assert np.array_equal(open_array(data, ''), whole)
    assert np.array_equal(np.asarray(open_rgb(data, '')), whole)


def test_files_that_are_endless_or_no_files_are_broken(tmp_path):
    os.mkfifo(tmp_path / 'pipe.jpg')
    (tmp_path / 'endless.jpg').symlink_to('/dev/zero')
    with (tmp_path / 'sparse.jpg').open('wb') as file:
        file.truncate(2**31)
    reasons = dict(
        pipe='no regular file', endless='no regular file', sparse='more than 1,024 mebibytes'
    )
    for name, reason in reasons.items():
        sample = dict(img_path=f'{tmp_path}/{name}.jpg')
        assert check_image(sample).reason == reason
    assert check_image(dict(img_path='a\0b.jpg')).reason == 'no name of a file'


def test_formats_whose_readers_run_programs_are_no_images(tmp_path):
    """Pillow gives EPS to Ghostscript, and unpacks FITS without a limit."""
    for name in ('a.eps', 'a.ico', 'a.pcx'):
        Image.new('RGB', (16, 16)).save(tmp_path / name)
        (tmp_path / name).rename(tmp_path / 'a.jpg')
        assert check_image(dict(img_path=str(tmp_path / 'a.jpg'))).reason == 'no image'


def test_frames_are_not_counted(tmp_path):
    """A TIFF file of 100,000 frames took Pillow minutes to count."""
    data = bytearray(encoded(Image.new('L', (4, 4)), 'TIFF'))
    start = int.from_bytes(data[4:8], 'little')
    length = 2 + 12 * int.from_bytes(data[start : start + 2], 'little')
    directory = bytes(data[start : start + length])
    place = start + length
    for _ in range(100_000):
        struct.pack_into('<I', data, place, len(data))
        data += directory + bytes(4)
        place = len(data) - 4
    (tmp_path / 'a.tif').write_bytes(data)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    assert check_image(dict(img_path=str(tmp_path / 'a.tif'))).pixels.dropped == (
        'frames after the first',
    )
    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before < 10


def npy(shape: tuple[int, ...], kind: str = '<f4') -> bytes:
    """An array that says to be of that shape, and has no numbers."""
    head = repr(dict(descr=kind, fortran_order=False, shape=shape)).encode().ljust(117) + b'\n'
    return b'\x93NUMPY\1\0' + struct.pack('<H', len(head)) + head


def tiff(changes: dict[int, int], **options) -> bytes:
    """A TIFF file of 4000 x 4000 black pixels, with other values of some tags."""
    file = io.BytesIO()
    tifffile.imwrite(file, np.zeros((4000, 4000), np.uint16), **options)
    data = bytearray(file.getvalue())
    start = struct.unpack_from('<I', data, 4)[0]
    for i in range(struct.unpack_from('<H', data, start)[0]):
        tag = start + 2 + 12 * i
        if (value := changes.get(struct.unpack_from('<H', data, tag)[0])) is not None:
            struct.pack_into('<HII', data, tag + 2, 4, 1, value)
    return bytes(data)


def npz(**arrays) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


class Harm:
    """Once unpickled, ends the tests."""

    def __reduce__(self):
        return os._exit, (1,)


ZLIB = dict(compression='zlib')
LIES = {
    'long.npy': (npy((2**40, 2**40)), 'more than 178 million pixels'),
    'deep.npy': (npy((13_000, 13_000, 9)), 'more than 1,024 mebibytes'),
    'short.npy': (npy((9_000, 9_000)), 'damaged: buffer is smaller than requested size'),
    'negative.npy': (npy((-4, 4)), 'an array of shape (-4, 4): an image is (H, W), (H, W, C) or'),
    'objects.npy': (npy((4, 4), '|O'), 'an array of Python objects'),
    'objects.npz': (npz(a=np.array([[Harm()]], object)), 'an array of Python objects'),
    'two.npz': (npz(a=np.zeros(3), b=np.zeros(3)), '2 arrays in one file (a, b): keep one in each'),
    'size.tif': (tiff({256: 2**31, 257: 2**31}, **ZLIB), 'more than 178 million pixels'),
    'bands.tif': (tiff({277: 60_000}, **ZLIB), 'more than 1,024 mebibytes'),
    'tile.tif': (tiff({322: 2**20, 323: 2**20}, tile=(64, 64), **ZLIB), 'more than 178 million'),
    'bomb.tif': (tiff({256: 8, 257: 8, 278: 8}, rowsperstrip=4000, **ZLIB), 'damaged: '),
}


@pytest.mark.parametrize('name', LIES)
def test_arrays_that_lie_take_no_memory_and_run_nothing(name):
    data, reason = LIES[name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BrokenImage) as caught:
        open_bands(data, name)
    assert caught.value.reason.startswith(reason)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB
