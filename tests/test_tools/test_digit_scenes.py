"""Scenes of digits: boxes and masks are what pycocotools makes of them, and of the digits."""

import json

import numpy as np
import pytest
from PIL import Image

from mmbarlow.datasets.digits import Digits

COUNTS = ('--train', '30', '--val', '10')


@pytest.fixture
def make(run_tool, tmp_path):
    """Make scenes in a folder of that name; returns the content of both files."""

    def run(name: str, *options: str) -> dict[str, dict]:
        status, out, err = run_tool('digit_scenes.py', tmp_path / name, *COUNTS, *options)
        assert status == 0, out + err
        return {
            split: json.loads((tmp_path / name / split / '_annotations.coco.json').read_text())
            for split in ('train', 'val')
        }

    return run


def test_masks_and_boxes_are_those_of_bright_strokes(make, tmp_path):
    masks = pytest.importorskip('pycocotools.mask')
    for split, content in make('scenes').items():
        pixels = {
            image['id']: np.asarray(
                Image.open(tmp_path / 'scenes' / split / image['file_name']).convert('L')
            )
            for image in content['images']
        }
        assert {image.shape for image in pixels.values()} == {(128, 128)}
        for thing in content['annotations']:
            code = masks.frPyObjects(thing['segmentation'], 128, 128)
            mask = masks.decode(code).astype(bool)
            assert mask.sum() == thing['area'] == masks.area(code)
            assert masks.toBbox(code).tolist() == thing['bbox']
            assert pixels[thing['image_id']][mask].min() >= 80


def test_every_scene_has_digits_of_many_kinds_that_hardly_overlap(make):
    content = make('scenes')['train']
    boxes = {image['id']: [] for image in content['images']}
    for thing in content['annotations']:
        boxes[thing['image_id']].append(thing['bbox'])
    assert {len(found) for found in boxes.values()} <= {1, 2, 3, 4, 5}
    assert np.mean([len(found) for found in boxes.values()]) > 2.5
    for found in boxes.values():
        for i, (x, y, w, h) in enumerate(found):
            for left, top, width, height in found[:i]:
                across = min(x + w, left + width) - max(x, left)
                down = min(y + h, top + height) - max(y, top)
                shared = max(0, across) * max(0, down)
                assert shared <= 0.1 * min(w * h, width * height)
    kinds = [thing['category_id'] for thing in content['annotations']]
    assert set(kinds) == set(range(1, 11))
    assert [c['name'] for c in content['categories']] == [*'0123456789']


def test_scenes_are_those_of_their_seed(make, tmp_path):
    scenes = make('scenes')
    assert make('again') == scenes
    assert make('other', '--seed', '1')['val'] != scenes['val']
    for split, number in (('train', 30), ('val', 10)):
        files = sorted((tmp_path / 'scenes' / split).glob('*.png'))
        assert len(files) == number
        for path in files:
            assert (tmp_path / 'again' / split / path.name).read_bytes() == path.read_bytes()


def test_train_and_val_have_other_digits():
    """What a detector is tested on, it has not seen, not even as an equal drawing."""
    train, test = (Digits(split, size=8) for split in ('train', 'test'))
    seen = {train.get_data_info(i)['img'].tobytes() for i in range(len(train))}
    assert not seen & {test.get_data_info(i)['img'].tobytes() for i in range(len(test))}


@pytest.mark.parametrize(
    ('says', 'options'),
    {
        'has scenes already': (),
        'at least one scene': ('--val', '0'),
        'of 128 px or more': ('--size', '64'),
    }.items(),
)
def test_bad_options_leave_what_is_there(says, options, make, run_tool, tmp_path):
    make('scenes')
    file = tmp_path / 'scenes' / 'train' / '_annotations.coco.json'
    before = file.read_bytes()
    status, _, err = run_tool('digit_scenes.py', tmp_path / 'scenes', *options)
    assert (status, len(err.strip().splitlines())) == (2, 1)
    assert says in err
    assert file.read_bytes() == before
