"""Names of files are any bytes: each shows on one line, and a list gives the same name back."""

import json
import logging
import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from mmpretrain.structures import DataSample
from PIL import Image

from mmbarlow.datasets import passed_over
from mmbarlow.datasets.broken_images import Skipper
from mmbarlow.datasets.image_folder import ImageFolder
from mmbarlow.datasets.image_reading import read_rgb
from mmbarlow.engine.broken_images_hook import BrokenImagesHook
from mmbarlow.engine.pixels_hook import PixelsHook
from mmbarlow.errors import printable

NAMES = [b'two\nlines', b'\x1b[31mred\x1b[0m', b'caf\xe9', b'tab\there', b'back\\nslash', b'$x^$']
NAMES += ['right\u202eleft'.encode(), b'\rover', 'l\u2028s'.encode(), b'a' * 250, b'\x07bell']


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / 'images').mkdir()
    for name in NAMES:
        Path(os.fsdecode(os.fsencode(tmp_path / 'images') + b'/' + name + b'.jpg')).touch()
    Image.linear_gradient('L').save(tmp_path / 'images' / 'good.png')
    return tmp_path / 'images'


def test_the_list_of_broken_images_gives_each_name_back(folder, run_tool, tmp_path):
    listed = tmp_path / 'broken.txt'
    status, out, _ = run_tool(
        'verify_images.py', folder, '--output', listed, '--workers', '1', '--force'
    )
    assert status == 1
    lines = listed.read_text(encoding='utf-8').split('\n')[:-1]
    assert len(lines) == len(NAMES)
    written = [line.split('\t')[0] for line in lines]
    read = [t.encode('latin-1', 'backslashreplace').decode('unicode_escape') for t in written]
    assert sorted(map(os.fsencode, read)) == sorted(
        os.fsencode(folder) + b'/' + name + b'.jpg' for name in NAMES
    )
    assert all(line.isprintable() for line in out.split('\n'))


def test_what_is_logged_of_data_is_printable(folder, monkeypatch, caplog):
    said = []
    monkeypatch.setattr(passed_over, 'print_log', lambda text, *_: said.append(text))
    (folder / 'a.\x1b[31mx').touch()
    (folder / 'b.\n').touch()
    dataset = ImageFolder(str(folder))
    skipper = Skipper(read_rgb)
    found = [dataset.get_data_info(i) for i in range(len(dataset))]
    broken = [sample for sample in found if sample['img_path'].endswith('.jpg')]
    assert [skipper.read(sample) for sample in broken] == [None] * len(NAMES)
    sample = DataSample()
    sample.set_field(tuple(skipper.failed), 'skipped', field_type='metainfo')
    loader = SimpleNamespace(dataset=range(10_000))
    runner = SimpleNamespace(train_dataloader=loader, logger=logging.getLogger('names'))
    BrokenImagesHook().before_train_iter(runner, 0, dict(inputs=[], data_samples=[sample]))
    hook = PixelsHook()
    hook.lines = ['', f'the first is {broken[1]["img_path"]}']
    hook.before_train(runner)
    said += [record.getMessage() for record in caplog.records]
    assert len(said) == len(NAMES) + 2
    assert all(line.isprintable() for line in said)


def test_a_picture_of_views_takes_any_name(run_tool, tmp_path):
    folder = tmp_path / 'images'
    folder.mkdir()
    for name in ('$\\frac$', 'a\nb\x1b[31m', '$', 'l' * 240):
        Image.linear_gradient('L').save(folder / f'{name}.png')
    config = 'configs/barlowtwins/barlowtwins_resnet50_1xb128-coslr-100e_folder.py'
    options = ['--output', tmp_path / 'views.png', '--cfg-options', f'data_root={folder}']
    status, out, err = run_tool('browse_views.py', config, *options)
    assert status == 0, err
    assert len(out.splitlines()) == 2 * 4 + 1
    assert '\x1b' not in out


def test_folders_may_be_deeper_than_pythons_stack(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for _ in range(1500):
        os.mkdir('d')
        os.chdir('d')
    Path('a.jpg').touch()
    os.chdir(tmp_path)
    try:
        assert len(ImageFolder('.')) == 1
    finally:  # pytest removes old folders by recursion, and would fail at this one three runs later
        subprocess.run(['rm', '-r', 'd'], check=True)


@pytest.mark.parametrize('name', ['a\nb.jpg 0', ' a.jpg', 'a\x85.jpg', 'a\x1b.jpg'])
def test_lists_of_labels_refuse_a_name_that_they_would_change(name, run_tool, tmp_path):
    content = dict(
        images=[dict(id=1, file_name=name)],
        categories=[dict(id=5)],
        annotations=[dict(image_id=1, category_id=5)],
    )
    for split in ('train', 'val'):
        (tmp_path / f'{split}2018.json').write_text(json.dumps(content))
    status, _, err = run_tool('converters/inat18.py', tmp_path)
    assert status == 2
    assert 'would be another one once it is read from a list' in err
    assert err.count('\n') == 1
    assert not (tmp_path / 'meta').exists()


def test_printable_leaves_what_prints():
    assert printable('Bücher/写真 1.jpg') == 'Bücher/写真 1.jpg'
    assert printable(os.fsdecode(b'a\xff\n')) == r'a\udcff\n'
