"""Masks drawn from annotations in COCO's format."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as rle


@pytest.fixture
def coco(tmp_path) -> Path:
    """An image of 30 x 20 with a large square, a small one on it, a crowd and another class."""

    def box(x, y, w, h):
        return [[x, y, x + w, y, x + w, y + h, x, y + h]]

    crowd = np.zeros((20, 30), np.uint8, order='F')
    crowd[:4, 20:] = 1
    code = rle.encode(crowd)
    things = [
        (3, 0, box(2, 2, 6, 6)),  # the smaller one, listed first
        (7, 0, box(0, 0, 14, 16)),
        (7, 1, dict(size=code['size'], counts=code['counts'].decode())),
        (9, 0, box(20, 10, 5, 5)),
    ]
    annotations = [
        dict(id=i, image_id=1, category_id=c, iscrowd=crowd, bbox=[0, 0, 1, 1], segmentation=mask)
        for i, (c, crowd, mask) in enumerate(things)
    ]
    names = {3: 'dog', 7: 'couch', 9: 'kite'}
    content = dict(
        images=[dict(id=1, file_name='a.jpg', width=30, height=20)],
        annotations=annotations,
        categories=[dict(id=i, name=name) for i, name in names.items()],
    )
    (tmp_path / 'coco.json').write_text(json.dumps(content))
    (tmp_path / 'photos').mkdir()
    Image.new('RGB', (30, 20)).save(tmp_path / 'photos' / 'a.jpg')
    return tmp_path


def convert(run_tool, root: Path, *options: str) -> tuple[int, str]:
    places = [root / 'coco.json', root / 'photos', root / 'out']
    status, out, err = run_tool('converters/coco_masks.py', *places, '--split', 'train', *options)
    return status, out + err


def test_small_objects_lie_on_large_ones_and_crowds_are_ignored(run_tool, coco):
    status, text = convert(run_tool, coco)
    assert status == 0, text
    mask = np.asarray(Image.open(coco / 'out' / 'masks' / 'train' / 'a.png'))
    wanted = np.zeros((20, 30), int)
    wanted[:4, 20:] = 255
    wanted[:16, :14] = 2
    wanted[2:8, 2:8] = 1
    wanted[10:15, 20:25] = 3
    assert np.array_equal(mask, wanted)
    classes = (coco / 'out' / 'classes.txt').read_text().split()
    assert classes == ['background', 'dog', 'couch', 'kite']
    assert (coco / 'out' / 'images' / 'train' / 'a.jpg').is_file()


def test_some_classes_are_numbered_in_their_order_and_the_others_are_background(run_tool, coco):
    assert convert(run_tool, coco, '--classes', 'kite', 'dog')[0] == 0
    picture = Image.open(coco / 'out' / 'masks' / 'train' / 'a.png')
    assert sorted(np.unique(np.asarray(picture))) == [0, 1, 2]
    assert picture.getpalette()[:9] == [0, 0, 0, 128, 0, 0, 0, 128, 0]  # those of VOC


@pytest.mark.parametrize(
    ('change', 'options', 'says'),
    [
        (dict(), ['--classes', 'cat'], 'has no categories cat: it has dog, couch, kite'),
        (dict(), ['--voc'], 'has no categories airplane, bicycle, bird, boat, bottle: it has'),
        (dict(categories=[]), ['--classes', 'dog'], 'has no categories dog'),
        (
            dict(annotations=[dict(image_id=1)]),
            [],
            'with masks as in COCO (ValueError(',
        ),
        (dict(images=[dict(id=1, file_name='../a.jpg')]), [], 'leads out of the folder'),
        (
            dict(images=[dict(id=1, file_name='a.jpg', width=10**6, height=10**6)]),
            [],
            'has more than 178 million pixels',
        ),
        (
            dict(images=[dict(id=1, file_name='b.jpg', width=30, height=20)]),
            [],
            'there is no image',
        ),
        (
            dict(images=[dict(id=1, file_name='a.jpg', width=31, height=20)]),
            [],
            'the mask of annotation 2 of a.jpg, 31 x 20, cannot be drawn',
        ),
    ],
    ids=['class', 'voc', 'none', 'mask', 'path', 'size', 'file', 'other size'],
)
def test_what_does_not_fit_is_one_sentence(run_tool, coco, change, options, says):
    content = json.loads((coco / 'coco.json').read_text()) | change
    (coco / 'coco.json').write_text(json.dumps(content))
    status, text = convert(run_tool, coco, *options)
    assert status == 2
    assert says in text
    assert len(text.splitlines()) == 1
