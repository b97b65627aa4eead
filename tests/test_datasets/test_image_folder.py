"""A folder of images: what is found in it, and what is passed over."""

import os
from pathlib import Path

import pytest
from torch.utils.data import DataLoader

from mmbarlow.datasets.image_folder import ImageFolder
from mmbarlow.errors import InputError


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def found(root: Path) -> list[str]:
    dataset = ImageFolder(str(root))
    paths = [dataset.get_data_info(i)['img_path'] for i in range(len(dataset))]
    return [str(Path(path).relative_to(root)) for path in paths]


def test_images_are_found_at_any_depth_in_sorted_order(tmp_path):
    names = ['a.jpg', 'B.JPEG', 'z.webp', 'b/c/d/e.TIFF', 'b/f.png', 'b.jpg/g.gif']
    touch(tmp_path, *names, 'notes.txt', 'jpg', '.hidden.jpg', 'b/._f.png', '.trash/x.jpg')
    assert found(tmp_path) == [
        'B.JPEG',
        'a.jpg',
        'z.webp',
        'b/f.png',
        'b/c/d/e.TIFF',
        'b.jpg/g.gif',
    ]


def test_links_are_followed_once_and_never_in_a_circle(tmp_path):
    touch(tmp_path, 'real/a.jpg', 'real/deep/b.jpg')
    (tmp_path / 'real' / 'deep' / 'up').symlink_to(tmp_path)
    (tmp_path / 'real' / 'self').symlink_to('.')
    (tmp_path / 'second').symlink_to('real')
    (tmp_path / 'link.jpg').symlink_to('real/a.jpg')
    assert found(tmp_path) == ['link.jpg', 'real/a.jpg', 'real/deep/b.jpg']


def test_folders_outside_come_in_by_a_link(tmp_path):
    touch(tmp_path / 'elsewhere', 'a.jpg')
    (tmp_path / 'data').mkdir()
    (tmp_path / 'data' / 'link').symlink_to(tmp_path / 'elsewhere')
    assert found(tmp_path / 'data') == ['link/a.jpg']


def test_a_link_to_nothing_is_a_broken_image_not_a_missing_one(tmp_path):
    (tmp_path / 'a.jpg').symlink_to('nowhere.jpg')
    assert found(tmp_path) == ['a.jpg']


def test_what_opens_only_for_a_writer_is_no_image(tmp_path):
    touch(tmp_path, 'a.jpg')
    os.mkfifo(tmp_path / 'pipe.jpg')
    assert found(tmp_path) == ['a.jpg']


@pytest.mark.skipif(os.geteuid() == 0, reason='root may read everything')
def test_a_folder_that_may_not_be_read_is_left_out_and_named(tmp_path):
    touch(tmp_path, 'a.jpg', 'lost+found/b.jpg')
    (tmp_path / 'lost+found').chmod(0)
    dataset = ImageFolder(str(tmp_path))
    (tmp_path / 'lost+found').chmod(0o755)
    assert len(dataset) == 1
    assert dataset.unreadable == [(str(tmp_path / 'lost+found'), 'permission denied')]


def test_without_an_image_the_extensions_are_named(tmp_path):
    touch(tmp_path, 'a.txt', 'b/c.heic')
    with pytest.raises(InputError, match=r'no image in .*end in \.jpg, .*\.webp, .*\.pgm\.'):
        ImageFolder(str(tmp_path))
    with pytest.raises(InputError, match='there is no folder .*/nowhere'):
        ImageFolder(str(tmp_path / 'nowhere'))
    with pytest.raises(InputError, match='a zip file is for mmbarlow.ImageArchive'):
        ImageFolder(str(tmp_path / 'a.txt'))


@pytest.mark.skipif(not Path('/proc/self/smaps_rollup').exists(), reason='of Linux')
def test_workers_share_the_list_of_images(monkeypatch):
    """200,000 paths: a list of dicts instead of one array would add 34 MB to a worker."""
    paths = [f'train/n{i % 1000:08d}/n{i % 1000:08d}_{i}.JPEG' for i in range(200_000)]
    monkeypatch.setattr(ImageFolder, '_walk', lambda self, folder, seen: paths)
    loader = DataLoader(ImageFolder('.', pipeline=[own_memory]), 1000, num_workers=1)
    first, *_, last = [batch[-1].item() for batch in loader]
    assert last - first < 10


def own_memory(results: dict) -> float:
    """Private memory of the process in MB, after every thousandth sample."""
    if (results['sample_idx'] + 1) % 1000:
        return 0.0
    lines = Path('/proc/self/smaps_rollup').read_text().splitlines()
    return sum(float(line.split()[1]) for line in lines if line.startswith('Private_')) / 1024
