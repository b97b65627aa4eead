"""Small deviations from COCO's format change neither what is trained on nor the evaluation."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from pycocotools import mask as rle

import mmbarlow.detection.registered  # noqa: F401
from mmbarlow.detection.coco_file import read_coco
from mmbarlow.registry import DATASETS, METRICS

CLASSES = ('disc', 'square')


def sane() -> dict:
    boxes = [(1, 7, [5, 5, 20, 10]), (1, 9, [0, 0, 50, 40]), (2, 9, [30.5, 10, 3, 4])]
    return dict(
        images=[dict(id=i, file_name=f'a/{i}.jpg', width=60, height=40) for i in (1, 2)],
        annotations=[
            dict(
                id=number,
                image_id=image,
                category_id=category,
                bbox=box,
                area=box[2] * box[3],
                iscrowd=0,
                segmentation=[[1.5, 1.0, 9.0, 1.0, 9.0, 9.0]],
            )
            for number, (image, category, box) in enumerate(boxes, 1)
        ],
        categories=[dict(id=7, name='disc'), dict(id=9, name='square')],
    )


def each(part: str, **values) -> Callable[[dict], None]:
    """Set keys of every entry, or change them by a function; `...` removes a key."""

    def change(content: dict) -> None:
        for entry in content[part]:
            for key, value in values.items():
                entry[key] = value(entry.get(key)) if callable(value) else value
                if entry[key] is ...:
                    del entry[key]

    return change


def build(path: Path):
    init_default_scope('mmdet')
    config = dict(type='mmbarlow.MendedCocoDataset', ann_file=str(path), pipeline=[])
    return DATASETS.build(dict(config, metainfo=dict(classes=CLASSES), test_mode=True))


def load(path: Path) -> list[dict]:
    dataset = build(path)
    return [dataset.get_data_info(i) for i in range(len(dataset))]


def evaluate(path: Path) -> dict[str, float]:
    """Exact boxes and masks of all objects, as predictions."""
    metric = METRICS.build(dict(type='mmbarlow.COCODetectionMetric', ann_file=str(path)))
    metric.dataset_meta = build(path).metainfo
    samples = []
    for info in load(path):
        boxes = torch.tensor([item['bbox'] for item in info['instances']], dtype=torch.float64)
        masks = [
            rle.decode(rle.merge(rle.frPyObjects(item['mask'], 40, 60)))
            for item in info['instances']
        ]
        found = dict(
            bboxes=boxes,
            labels=torch.tensor([item['bbox_label'] for item in info['instances']]),
            scores=torch.ones(len(boxes)),
            masks=torch.from_numpy(np.stack(masks)).bool(),
        )
        samples.append(dict(img_id=info['img_id'], ori_shape=(40, 60), pred_instances=found))
    metric.process({}, samples)
    return metric.evaluate(len(samples))


@pytest.fixture
def write(tmp_path):
    def put(content: dict, encoding: str = 'utf-8') -> Path:
        path = tmp_path / 'a.json'
        path.write_text(json.dumps(content), encoding=encoding)
        return path

    return put


@pytest.mark.parametrize(
    ('change', 'note'),
    [
        (each('annotations', iscrowd=None), '3 annotations without iscrowd, taken as 0'),
        (each('annotations', iscrowd=...), '3 annotations without iscrowd'),
        (each('annotations', iscrowd=False), None),
        (each('annotations', iscrowd='0'), None),
        (each('annotations', area=...), '3 annotations without an area, for which that of the box'),
        (each('annotations', area=None), '3 annotations without an area'),
        (each('annotations', area=0), '3 annotations without an area'),
        (each('annotations', id=...), None),
        (each('annotations', id=1), None),
        (each('annotations', id=lambda i: i - 1), None),
        (each('annotations', image_id=str, category_id=str), None),
        (each('annotations', image_id=float, category_id=float), None),
        (each('images', id=str, width=str, height=float), None),
        (each('categories', id=str), None),
        (each('images', file_name=lambda n: n.replace('/', '\\')), '2 backslashes in the names'),
        (
            each('annotations', segmentation=lambda s: [[1, 2], *s, [1, 2, 3, 4, 5, 6, 7]]),
            '3 masks with parts of fewer than three points',
        ),
        (lambda content: content['categories'].reverse(), None),
    ],
)
def test_a_deviation_is_read_as_what_it_means(change, note, write):
    wanted = load(write(sane()))
    content = deepcopy(sane())
    change(content)
    path = write(content)
    assert load(path) == wanted
    assert list(evaluate(path).values()) == pytest.approx([100] * 6)
    notes = read_coco(path)[1]
    assert notes == [] if note is None else note in notes[0]


@pytest.mark.parametrize('encoding', ['utf-8-sig', 'utf-16', 'utf-32', 'utf-16-le'])
def test_every_encoding_of_unicode_is_read(encoding, write):
    content = sane()
    content['categories'][0]['note'] = 'Kreis, größer'
    assert load(write(content, encoding)) == load(write(sane()))


def test_whole_numbers_in_polygons_are_not_cut_when_an_image_is_resized(write):
    content = sane()
    content['annotations'][0]['segmentation'] = [[1, 1, 9, 1, 9, 9]]
    (part,) = read_coco(write(content))[0]['annotations'][0]['segmentation']
    assert part == [1, 1, 9, 1, 9, 9]
    assert all(type(x) is float for x in part)
