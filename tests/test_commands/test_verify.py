"""What a folder of images holds, before it is trained on."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def photos(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    root, rng = Path('photos'), np.random.default_rng(0)
    (root / 'deep').mkdir(parents=True)
    for i, name in enumerate(('a.jpg', 'b.png', 'deep/c.jpg')):
        pixels = rng.integers(0, 256, (20 + 10 * i, 40, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(root / name)
    shutil.copy(root / 'a.jpg', root / 'deep' / 'same.jpg')
    (root / 'notes.md').write_text('not an image')
    return root


def test_counts_sizes_formats_other_files_and_copies_are_told(run_command, photos):
    status, out, _ = run_command('verify', photos, '--workers', '1')
    assert status == 0
    size = sum(path.stat().st_size for path in photos.rglob('*.[jp]*g')) / 1e6
    assert out.splitlines() == [
        f'images    4, {size:,.1f} MB',
        'formats   JPEG 3, PNG 1',
        'sizes     from 40 x 20 by 40 x 30 (median) to 40 x 40',
        'pixels    4 of 8-bit RGB, 0 to 255 of 255',
        'equal     1 have the content of others; the first is photos/deep/same.jpg, '
        'as photos/a.jpg',
        'broken    0',
        'passed over: 1 .md',
        'numbers   uint8 of 3 channels: 4 images, 0 to 255 (8 of 8 bits)',
        'range     as they are',
        f'config    {mean_and_std(photos)}',
    ]


def mean_and_std(photos: Path) -> str:
    """The line for a config, in float64 from all pixels."""
    images = [np.asarray(Image.open(p), float) for p in photos.rglob('*.[jp]*g')]
    pixels = np.concatenate([image.reshape(-1, 3) for image in images])
    mean, std = ([f'{x:.2f}' for x in y] for y in (pixels.mean(0), pixels.std(0)))
    return f'mean=[{", ".join(mean)}], std=[{", ".join(std)}]'


def test_broken_images_are_listed_and_the_status_is_1(run_command, photos):
    (photos / 'cut.jpg').write_bytes((photos / 'a.jpg').read_bytes()[:100])
    status, out, _ = run_command('verify', photos, '--workers', '1', '--output', 'bad.txt')
    assert status == 1
    assert 'broken    1\n        1 ' in out
    assert Path('bad.txt').read_text().startswith('photos/cut.jpg\t')
    status, _, err = run_command('verify', photos, '--output', 'bad.txt')
    assert status == 2
    assert 'bad.txt exists already: --force replaces it' in err


def test_a_list_is_looked_through_too(run_command, photos):
    Path('some.txt').write_text('photos/a.jpg\nphotos/gone.jpg\n')
    status, out, _ = run_command('verify', 'some.txt', '--workers', '1')
    assert status == 1
    assert 'images    2' in out
    assert '1 no such file or directory' in out


def test_a_place_without_images_is_told_in_a_sentence(run_command, photos):
    Path('empty').mkdir()
    for source, message in {
        'empty': 'there is no image in empty',
        'nowhere': 'there is no folder or zip file nowhere',
    }.items():
        status, _, err = run_command('verify', source)
        assert (status, err.count('\n')) == (2, 1)
        assert message in err


def test_twelve_bits_in_sixteen_and_photographs_on_their_side_are_told(run_command, photos):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.open(photos / 'a.jpg').save(photos / 'turned.jpg', exif=exif)
    _, out, _ = run_command('verify', photos, '--workers', '1')
    assert 'turned    1 have an EXIF orientation, which is not applied' in out
    deep = Path('deep')
    deep.mkdir()
    x = (np.random.default_rng(0).random((9, 40, 30)) * 4095).astype(np.uint16)
    for i, image in enumerate(x):
        Image.fromarray(image).save(deep / f'{i}.png')
    status, out, _ = run_command('verify', deep, '--workers', '2', '--range', 'data')
    assert status == 0
    assert out.splitlines()[-5:] == [
        f'numbers   uint16 of 1 channel: 9 images, {x.min()} to {x.max():,} (12 of 16 bits)',
        'range     from the least to the greatest number',
        f'config    channels=1, range=({x.min()}, {x.max()})',
        out.splitlines()[-2],
        'config    in_channels=1',
    ]
    status, out, err = run_command('verify', deep, '--workers', '1', '--range', 'dtype')
    assert (status, err.count('\n')) == (2, 1)
    assert 'numbers   uint16 of 1 channel' in out
    assert 'leaves the images 16 of 255 levels' in err


def test_images_of_other_channels_are_told_by_their_count(run_command, photos):
    np.save(photos / 'deep' / 'x.npy', np.zeros((4, 5, 6)))
    for image in photos.rglob('*.[jp][pn]g'):
        image.unlink()
    np.save(photos / 'y.npy', np.ones((9, 9, 2)))
    status, out, err = run_command('verify', photos, '--workers', '1')
    assert status == 2
    assert 'options   1 of float32 of 4 channels' in out
    assert 'formats   NPY 2' in out
    assert 'different numbers of channels (1 of 2 channels, 1 of 4 channels)' in err
