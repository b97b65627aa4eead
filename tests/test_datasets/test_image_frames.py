"""Images whose annotations were made in another frame, and images that mmcv cannot read."""

from pathlib import Path

import mmcv
import numpy as np
import pytest
from PIL import Image

from mmbarlow.datasets.image_frames import ORIENTATION, Frame, image_faults, look

LOAD = [dict(type='LoadImageFromFile')]
UNTURNED = [dict(type='LoadImageFromFile', color_type='color_ignore_orientation')]


def save(path: Path, mode: str = 'RGB', orientation: int = 1, **kwargs) -> Path:
    """60 x 40, with a bright square at x 5 to 15, y 25 to 35 of the stored pixels."""
    pixels = np.full((40, 60), 20, np.uint8)
    pixels[25:35, 5:15] = 230
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    Image.fromarray(pixels).convert(mode).save(path, exif=exif, **kwargs)
    return path


@pytest.mark.parametrize('orientation', range(1, 9))
@pytest.mark.parametrize('suffix', ['jpg', 'png', 'webp', 'tif'])
def test_the_sizes_are_those_that_mmcv_reads(orientation, suffix, tmp_path):
    path = save(tmp_path / f'a.{suffix}', orientation=orientation)
    stored, shown = (
        mmcv.imread(path, flag).shape[1::-1] for flag in ('color_ignore_orientation', 'color')
    )
    assert look(path) == Frame(stored, shown)
    if suffix == 'jpg':
        assert (stored == shown) == (orientation < 5)


def test_boxes_of_unturned_pixels_are_refused_and_the_cure_puts_them_on_their_objects(tmp_path):
    images = [
        (save(tmp_path / f'{i}.jpg', orientation=o), (60, 40)) for i, o in enumerate((1, 6, 8))
    ]
    (fault,) = image_faults(images, 'a.json', LOAD)
    assert fault.startswith('2 of 3 images of a.json are turned by their EXIF tag')
    assert '(1.jpg is 40 x 60, not 60 x 40; 2.jpg is 40 x 60, not 60 x 40): annotate' in fault
    assert not image_faults(images, 'a.json', UNTURNED)
    for path, _ in images:
        assert mmcv.imread(path, UNTURNED[0]['color_type'])[30, 10].min() > 200
    turned = [(path, (40, 60)) for path, _ in images[1:]]
    assert not image_faults(turned, 'a.json', LOAD)
    (fault,) = image_faults(turned, 'a.json', UNTURNED)
    assert 'have another size than their annotations say (1.jpg is 60 x 40, not 40 x 60' in fault


def test_images_that_cannot_be_read_are_counted(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (80, 80, 3), np.uint8)
    for name in ('cut.jpg', 'cut.png'):
        Image.fromarray(noise).save(tmp_path / name)
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-3000])
    (tmp_path / 'empty.jpg').touch()
    (tmp_path / 'page.jpg').write_text('<html>not found</html>')
    (tmp_path / 'folder.jpg').mkdir()
    good = save(tmp_path / 'good.jpg')
    images = [(path, None) for path in sorted(tmp_path.iterdir())]
    (fault,) = image_faults(images, 'a.json', LOAD)
    assert fault.startswith(
        '5 of 6 images of a.json cannot be read (cut.jpg: image file is truncated'
    )
    assert not image_faults([(good, (60, 40))], 'a.json', LOAD)


def test_a_file_with_something_after_its_end_is_read(tmp_path):
    path = save(tmp_path / 'a.jpg')
    path.write_bytes(path.read_bytes() + b'\0' * 500)
    assert look(path) == Frame((60, 40), (60, 40))


@pytest.mark.parametrize(
    ('mode', 'suffix'),
    [('L', 'jpg'), ('CMYK', 'jpg'), ('P', 'png'), ('RGBA', 'png'), ('LA', 'png'), ('1', 'png')]
    + [('P', 'gif'), ('RGB', 'bmp'), ('L', 'tif')],
)
def test_other_modes_and_formats_that_mmcv_reads_pass(mode, suffix, tmp_path):
    assert not image_faults([(save(tmp_path / f'a.{suffix}', mode), (60, 40))], 'a.json', LOAD)


def test_twelve_bits_in_sixteen_are_nearly_black_and_sixteen_are_not(tmp_path):
    ramp = np.linspace(0, 1, 2400).reshape(40, 60)
    for bits in (12, 16):
        values = (ramp * (2**bits - 1)).astype(np.uint16)
        Image.fromarray(values).save(tmp_path / f'{bits}.png')
    images = [(tmp_path / f'{bits}.png', (60, 40)) for bits in (12, 16)]
    (fault,) = image_faults(images, 'a.json', LOAD)
    assert fault.startswith('1 of 2 images of a.json are nearly black')
    assert '(12.png: at most 15 of 255)' in fault
