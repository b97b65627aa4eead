"""The views of images, without a config and of one."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmbarlow.datasets.sample_random import Key, SampleIndex
from mmbarlow.datasets.twin_views import TwinViews
from mmbarlow.datasets.view_pictures import views_of_images


@pytest.fixture
def photos(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path('photos').mkdir()
    rng = np.random.default_rng(0)
    for i in range(5):
        low = rng.integers(0, 256, (3, 4, 3), dtype=np.uint8)
        image = Image.fromarray(low).resize((130, 100), Image.Resampling.BICUBIC)
        image.save(f'photos/{i}.jpg')
    return Path('photos')


def test_a_picture_of_a_folder_needs_no_config(run_command, photos):
    status, out, _ = run_command('views', photos, '--count', '2')
    assert status == 0
    lines = out.splitlines()
    assert lines[0] == '5 images; views of 96 px'  # of images of about 100 px
    assert len([line for line in lines if ', view ' in line]) == 4
    assert all('blur' in line for line in lines if ', view 1: ' in line)  # always on the first
    assert lines[-1] == 'picture: views.png'
    with Image.open('views.png') as image:
        assert (image.format, image.width) == ('PNG', 900)


def test_views_are_those_of_the_official_code(photos):
    _, twins, _ = views_of_images(str(photos), None)
    wanted = TwinViews(96, dict(blur=1.0), dict(blur=0.1, solarize=0.2))
    sample = dict(img_path=str(photos / '0.jpg'), sample_idx=SampleIndex(0, Key(0, 0, 0)))
    made, expected = twins.make(dict(sample)), wanted.make(dict(sample))
    assert all(np.array_equal(a, b) for a, b in zip(made[0], expected[0], strict=True))


def test_a_run_has_the_views_of_its_config(run_command, photos):
    run = Path('runs/photos')
    run.mkdir(parents=True)
    twins = "dict(type='mmbarlow.TwinViews', size=48, view_a=dict(gray=1.0), view_b=dict())"
    (run / 'pretrain.py').write_text(
        'train_dataloader = dict(dataset=dict(\n'
        f"    type='mmbarlow.ImageFolder', data_root='photos', pipeline=[{twins}]))\n"
        'randomness = dict(seed=3)\n'
    )
    for source in (run, run / 'pretrain.py'):
        status, out, _ = run_command('views', source, '--count', '1', '--output', 'v.jpg')
        assert status == 0
        assert 'views of 48 px' in out
        assert 'gray' in out
    first = run_command('views', run, '--epoch', '1')[1]
    assert first == run_command('views', run, '--epoch', '1')[1] != out


def test_images_that_cannot_be_read_are_passed_over(run_command, photos):
    (photos / '0.jpg').write_bytes(b'')
    status, out, _ = run_command('views', photos, '--count', '1')
    assert status == 0
    assert 'photos/1.jpg, view 1' in out
    for path in photos.iterdir():
        path.write_bytes(b'')
    status, _, err = run_command('views', photos, '--count', '1')
    assert status == 2
    assert 'photos/4.jpg cannot be read (empty)' in err


def test_bad_options_are_explained(run_command, photos):
    Path('empty').mkdir()
    for options, message in {
        ('photos', '--count', '0'): '--count is 0: take at least 1',
        ('photos', '--output', 'v.docx'): 'no picture is written as .docx',
        ('photos', '--output', 'no/v.png'): 'there is no folder no for --output',
        ('photos', '--size', '-3'): 'size=-3 of a view',
        ('empty',): 'there is no image in empty',
        ('nothing.py',): 'there is no config nothing.py',
    }.items():
        status, _, err = run_command('views', *options)
        assert (status, err.count('\n')) == (2, 1)
        assert message in err
