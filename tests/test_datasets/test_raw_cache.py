"""A file of decoded images gives what the folder gives, in any number of processes."""

import errno
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from mmengine.dataset import default_collate
from PIL import Image
from torch.utils.data import DataLoader

from mmbarlow.datasets import raw_cache_writer
from mmbarlow.datasets.class_folders import ClassFolders
from mmbarlow.datasets.raw_cache import RawCache
from mmbarlow.datasets.raw_cache_writer import write_cache
from mmbarlow.datasets.sample_random import Key, SampleIndex
from mmbarlow.datasets.twin_views import TwinViews
from mmbarlow.errors import InputError

SIDE = 64
SHAPES = {'a': [(90, 120), (300, 200)], 'b c': [(40, 50), (64, 70), (3, 400)]}


@pytest.fixture(scope='module')
def folder(tmp_path_factory, photograph) -> Path:
    """Class folders with images that are larger and smaller than the side, and a broken one."""
    root = tmp_path_factory.mktemp('images')
    for name, shapes in SHAPES.items():
        (root / 'train' / name).mkdir(parents=True)
        for i, (height, width) in enumerate(shapes):
            Image.fromarray(photograph[:height, :width]).save(root / 'train' / name / f'{i}.png')
    (root / 'train' / 'a' / 'broken.jpg').write_bytes(b'\xff\xd8 no image')
    return root


@pytest.fixture(scope='module')
def made(folder) -> Path:
    path = folder / 'images.raw'
    written = write_cache(str(folder / 'train'), path, SIDE)
    assert (written.count, written.classes) == (5, ('a', 'b c'))
    assert written.broken == [('a/broken.jpg', 'no image')]
    return path


def test_images_are_those_of_pillow_with_the_shorter_side_reduced(folder, made):
    """Names, labels and order are those of the class folders."""
    cache, originals = RawCache(str(made)), ClassFolders(str(folder))
    infos = [cache.get_data_info(i) for i in range(len(cache))]
    wanted = [originals.get_data_info(i) for i in range(len(originals))]
    wanted = [info for info in wanted if 'broken' not in info['img_path']]
    assert cache.metainfo['classes'] == originals.metainfo['classes']
    for info, original in zip(infos, wanted, strict=True):
        assert info['gt_label'] == original['gt_label']
        assert original['img_path'].endswith(info['img_path'].removeprefix(f'{made}/'))
        image = Image.open(original['img_path'])
        scale = min(1, SIDE / min(image.size))
        if image.size == (400, 3):
            assert info['img'].shape == (3, 400, 3)
            continue
        theirs = image.resize([round(n * scale) for n in image.size], Image.Resampling.BICUBIC)
        assert np.abs(info['img'].astype(int) - np.asarray(theirs)).mean() < 0.02


def test_a_strip_takes_no_more_than_sixteen_squares(tmp_path):
    Image.new('RGB', (20000, 100)).save(tmp_path / 'strip.png')
    written = write_cache(str(tmp_path), tmp_path / 'strip.raw', SIDE)
    assert written.size < 1.02 * 3 * 16 * SIDE**2
    assert written.classes == ()


def test_views_of_small_images_are_bitwise_those_of_their_files(folder, made):
    """The 64 x 70 image is in the file as it is, with its index among the readable ones."""
    view, index = TwinViews(32, {}, dict(blur=0.5)), SampleIndex(3, Key(0, 2, 3))
    info = dict(RawCache(str(made)).get_data_info(3), sample_idx=index)
    path = folder / 'train' / 'b c' / '1.png'
    ours, theirs = (view(sample)['img'] for sample in (info, dict(img_path=path, sample_idx=index)))
    assert all(map(np.array_equal, ours, theirs))


def test_several_workers_and_a_copy_read_what_one_process_reads(made):
    steps = [dict(type='mmbarlow.CenterView', size=32), dict(type='mmpretrain.PackInputs')]
    cache = RawCache(str(made), pipeline=steps)
    assert len(pickle.dumps(cache)) < 20_000  # and no pixels
    own = [cache[i]['inputs'] for i in range(5)]
    loader = DataLoader(cache, 1, num_workers=2, collate_fn=default_collate)
    for batch, image in zip(loader, own, strict=True):
        assert (batch['inputs'][0] == image).all()


def test_a_known_file_is_kept_and_another_one_is_refused(folder, made, tmp_path):
    before = made.stat().st_mtime_ns
    assert write_cache(str(folder / 'train'), made, SIDE).known
    assert made.stat().st_mtime_ns == before
    for source, side in ((folder / 'train', 32), (folder / 'train' / 'a', SIDE)):
        with pytest.raises(InputError, match='of other images .* --force'):
            write_cache(str(source), made, side)
    other = tmp_path / 'other.raw'
    other.write_bytes(made.read_bytes())
    assert not write_cache(str(folder / 'train'), other, 32, force=True).known


def changed(data: bytes, place: int, value: bytes) -> bytes:
    return data[:place] + value + data[place + len(value) :]


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda data: b'', 'no cache of images'),
        (lambda data: b'PK' + data, 'no cache of images'),
        (lambda data: data[:-1], 'has .* bytes, and .* belong there'),
        (lambda data: data[:40], 'has 40 bytes'),
        (lambda data: changed(data, 16, struct.pack('<I', 9)), 'of version 9, and 1 is read'),
        (lambda data: changed(data, 24, struct.pack('<Q', 2**60)), 'damaged'),
        (lambda data: changed(data, 32, struct.pack('<Q', 2**40)), 'damaged'),
        (lambda data: changed(data, data.index(b'"a"'), b'[[['), 'damaged'),
        (lambda data: changed(data, data.rindex(b'}') + 1, struct.pack('<Q', 2**50)), 'damaged'),
    ],
    ids=['empty', 'other', 'cut', 'head', 'version', 'place', 'count', 'json', 'start'],
)
def test_a_bad_file_is_a_sentence(change, message, made, tmp_path):
    path = tmp_path / 'bad.raw'
    path.write_bytes(change(made.read_bytes()))
    with pytest.raises(InputError, match=message) as error:
        RawCache(str(path))
    assert 'tools/cache_images.py' in str(error.value)


def test_a_cache_of_another_folder_is_a_sentence(folder, made, tmp_path):
    RawCache(str(made), originals=str(folder / 'train'))
    with pytest.raises(InputError, match=r'no cache of .*: .*0\.png does not exist'):
        RawCache(str(made), originals=str(tmp_path))
    with pytest.raises(InputError, match='cannot read .*: No such file'):
        RawCache(str(tmp_path / 'nowhere.raw'))


def test_a_full_disk_is_a_sentence_and_leaves_nothing(folder, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(raw_cache_writer, 'write_contents', full)
    with pytest.raises(InputError, match='cannot write .*: No space left on device'):
        write_cache(str(folder / 'train'), tmp_path / 'images.raw', SIDE)
    assert not list(tmp_path.iterdir())


def test_the_tool_says_what_it_made_and_what_it_left_out(folder, tmp_path, run_tool):
    arguments = 'cache_images.py', folder / 'train', tmp_path / 'x.raw', '--side', '32'
    status, out, _ = run_tool(*arguments, '--workers', '2')
    assert status == 0
    assert 'x.raw: 5 images of 2 classes' in out
    assert 'left out: a/broken.jpg (no image)' in out
    assert 'was there already' in run_tool(*arguments)[1]
    status, _, err = run_tool('cache_images.py', tmp_path / 'nowhere', tmp_path / 'y.raw')
    assert (status, err.count('\n')) == (2, 1)
