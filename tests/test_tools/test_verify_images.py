"""Looking through a folder or an archive for images that cannot be read."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def folder(tmp_path) -> Path:
    root, rng = tmp_path / 'images', np.random.default_rng(0)
    (root / 'deep').mkdir(parents=True)
    for i in range(150):  # more than two portions
        pixels = rng.integers(0, 256, (10 + i, 20, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(root / 'deep' / f'{i:03}.{"jpg" if i % 3 else "png"}')
    return root


def spoil(folder: Path) -> dict[str, str]:
    """Break five; their paths and reasons."""
    (folder / 'deep' / '001.jpg').write_bytes((folder / 'deep' / '001.jpg').read_bytes()[:300])
    (folder / 'deep' / '148.jpg').write_bytes((folder / 'deep' / '148.jpg').read_bytes()[:-9])
    (folder / 'empty.webp').touch()
    (folder / 'text.bmp').write_text('not found')
    (folder / 'link.jpg').symlink_to('nowhere')
    reasons = {'deep/001.jpg': 'truncated', 'deep/148.jpg': 'truncated', 'empty.webp': 'empty'}
    reasons |= {'text.bmp': 'no image', 'link.jpg': 'no such file or directory'}
    return {str(folder / name): reason for name, reason in reasons.items()}


def test_good_images_are_counted_and_nothing_is_written(run_tool, folder, tmp_path):
    size = sum(path.stat().st_size for path in folder.rglob('*.*')) / 1e6
    output = tmp_path / 'list.txt'
    status, out, _ = run_tool('verify_images.py', folder, '--workers', '2', '--output', output)
    assert status == 0
    images = [np.asarray(Image.open(path)).reshape(-1, 3) for path in folder.rglob('*.*')]
    pixels = np.vstack(images)
    ends = pixels.mean(0), pixels.std(0)
    mean, std = (', '.join(f'{x:.2f}' for x in of) for of in ends)
    assert out.splitlines() == [
        f'images    150, {size:,.1f} MB',
        'formats   JPEG 100, PNG 50',
        'sizes     from 20 x 10 by 20 x 85 (median) to 20 x 159',
        'pixels    150 of 8-bit RGB, 0 to 255 of 255',
        'broken    0',
        'numbers   uint8 of 3 channels: 150 images, 0 to 255 (8 of 8 bits)',
        'range     as they are',
        f'config    mean=[{mean}], std=[{std}]',
    ]
    assert not output.exists()


@pytest.mark.parametrize('workers', ['1', '2'])
def test_broken_images_are_listed_with_their_reasons(run_tool, folder, tmp_path, workers):
    wanted, output = spoil(folder), tmp_path / 'list.txt'
    status, out, _ = run_tool('verify_images.py', folder, '--workers', workers, '--output', output)
    assert status == 1
    assert dict(line.split('\t') for line in output.read_text().splitlines()) == wanted
    assert 'images    153' in out
    assert 'broken    5\n        2 truncated\n' in out
    assert f'list      {output}' in out


def test_an_archive_is_looked_through_as_well(run_tool, folder, tmp_path):
    spoil(folder)
    with zipfile.ZipFile(tmp_path / 'images.zip', 'w') as archive:
        for path in sorted((folder / 'deep').iterdir()):
            archive.write(path, path.name)
    arguments = ['verify_images.py', tmp_path / 'images.zip', '--workers', '2']
    status, _, _ = run_tool(*arguments, '--output', tmp_path / 'list.txt')
    assert status == 1
    lines = (tmp_path / 'list.txt').read_text().splitlines()
    assert lines == [f'{tmp_path}/images.zip/{n}.jpg\ttruncated' for n in ('001', '148')]


def test_a_list_is_not_written_over_unless_it_is_asked_for(run_tool, folder, monkeypatch, tmp_path):
    spoil(folder)
    monkeypatch.chdir(tmp_path)
    Path('broken_images.txt').write_text('mine')
    status, _, err = run_tool('verify_images.py', folder)
    assert (status, Path('broken_images.txt').read_text()) == (2, 'mine')
    assert 'broken_images.txt exists already: --force replaces it' in err
    status, _, _ = run_tool('verify_images.py', folder, '--force', '--workers', '1')
    assert status == 1
    assert len(Path('broken_images.txt').read_text().splitlines()) == 5


@pytest.mark.parametrize(
    ('arguments', 'says'),
    [
        (['nowhere'], 'there is no folder or zip file nowhere'),
        (['.'], 'there is no image in .'),
        (['.', '--workers', '0'], '--workers must be 1 or more, got 0'),
        (['.', '--output', 'a/b.txt'], 'a for --output'),
    ],
)
def test_bad_input_ends_in_one_line(run_tool, arguments, says, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    status, _, err = run_tool('verify_images.py', *arguments)
    assert status == 2
    assert says in err
    assert err.count('\n') == 1


def test_files_that_are_passed_over_are_counted_by_extension(run_tool, tmp_path):
    Image.new('RGB', (4, 4)).save(tmp_path / 'x.jpg')
    for name in ('a.heic', 'b.HEIC', 'c.mp4'):
        (tmp_path / name).touch()
    status, out, err = run_tool('verify_images.py', tmp_path, '--workers', '1')
    assert status == 0
    assert 'passed over: 2 .heic, 1 .mp4' in out.splitlines()
    assert 'passed over' not in err  # once is enough
