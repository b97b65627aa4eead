"""Check a data set in COCO's format, of which mmdet would silently drop what it cannot use."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmbarlow.datasets.missing_files import missing_files
from mmbarlow.detection.box_checks import check_boxes, some
from mmbarlow.errors import InputError

# The keys that mmdet reads from each entry without checking that they exist.
KEYS = dict(
    images={'id', 'file_name', 'height', 'width'},
    annotations={'id', 'image_id', 'category_id', 'bbox', 'area'},
    categories={'id', 'name'},
)
# The official files have a few boxes without width or height, which mmdet drops.
TOLERATED = 1e-3


def check_coco(dataset: dict, classes: Sequence[str], chosen: bool) -> tuple[int, int]:
    """The number of images of a data set, and of those with objects of its classes.

    Args:
        dataset: config of a `mmdet.CocoDataset`.
        classes: of the data set.
        chosen: whether the config names the classes; it may then omit some on purpose.

    Raises:
        InputError: see `data_checks.check_data`.
    """
    root = Path(dataset.get('data_root') or '')
    path = root / dataset['ann_file']
    extra = {'iscrowd'} if dataset.get('test_mode') else set()
    if any(step.get('with_mask') for step in dataset.get('pipeline', [])):
        extra.add('segmentation')
    content = _read_json(path, dict(KEYS, annotations=KEYS['annotations'] | extra))
    images = {image['id']: image for image in content['images']}
    folder = root / dataset.get('data_prefix', {}).get('img', '')
    if gone := missing_files(folder, [image['file_name'] for image in images.values()]):
        raise InputError(
            f'{len(gone)} of {len(images)} images of {path} are not in {folder} '
            f'({some(gone)}): put them there, or set data_prefix to their folder.'
        )
    annotations = content['annotations']
    if strangers := [a['id'] for a in annotations if a['image_id'] not in images]:
        raise InputError(
            f'{len(strangers)} of {len(annotations)} annotations of {path} are on images that it '
            f'does not have (annotation {some(strangers)}): take images and '
            'annotations from the same file.'
        )
    names = {category['id']: category['name'] for category in content['categories']}
    _check_classes(path, names, {a['category_id'] for a in annotations}, classes, chosen)
    _check_annotated_boxes(path, annotations, images)
    annotated = {a['image_id'] for a in annotations if names[a['category_id']] in classes}
    return len(images), len(annotated)


def _read_json(path: Path, needed: dict[str, set[str]]) -> dict[str, Any]:
    if not path.is_file():
        raise InputError(
            f'there is no annotation file {path}: put it there, or name another with data_root and '
            'ann_file.'
        )
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:  # of JSON or of its encoding
        raise InputError(f'{path} is no JSON, or is cut off: {error}.') from None
    for part, keys in needed.items():
        found = content.get(part) if isinstance(content, dict) else None
        if not isinstance(found, list) or not found:
            raise InputError(f'{path} has no {part!r}: a file of COCO has {", ".join(needed)}.')
        for number, entry in enumerate(found):
            if lacks := keys - (entry.keys() if isinstance(entry, dict) else set()):
                names = ', '.join(sorted(lacks))
                raise InputError(f'entry {number} (from 0) of {part!r} in {path} lacks {names}.')
    return content


def _check_classes(
    path: Path, names: dict[int, str], used: set[int], classes: Sequence[str], chosen: bool
) -> None:
    if unknown := sorted(used - names.keys()):
        raise InputError(
            f'{path} has annotations of the category {some(unknown)}, which is not among its '
            "'categories': add it there."
        )
    cure = "set the data set's metainfo.classes to those of the file."
    if absent := [c for c in classes if c not in names.values()]:
        raise InputError(
            f'{len(absent)} of {len(classes)} classes of the data set are not among the '
            f"'categories' of {path} ({some(absent)}): {cure}"
        )
    others = sorted({names[i] for i in used} - set(classes))
    if others and not chosen:
        raise InputError(
            f'{path} has annotations of classes that the data set does not have ({some(others)}): '
            f'{cure}'
        )
    ordered = [name for name in names.values() if name in classes]
    if ordered != list(classes):  # mmdet numbers them in the order of the file
        raise InputError(
            f'the classes of the data set are not in the order of {path}, which has '
            f'{some(ordered)}: {cure}'
        )


def _check_annotated_boxes(path: Path, annotations: list[dict], images: dict[int, dict]) -> None:
    for a in annotations:
        box = a['bbox']
        numbers = isinstance(box, list) and all(isinstance(x, int | float) for x in box)
        if not numbers or len(box) != 4:
            raise InputError(
                f'annotation {a["id"]} of {path} has the bbox {box}: it must be x, y, width and '
                'height in pixels.'
            )
    boxes = np.array([a['bbox'] for a in annotations], dtype=float)
    boxes[:, 2:] += boxes[:, :2]
    owners = [images[a['image_id']] for a in annotations]
    sizes = [(image['width'], image['height']) for image in owners]
    check_boxes(boxes, sizes, lambda i: f'annotation {annotations[i]["id"]}', path, TOLERATED)
