"""Check a data set in COCO's format before `mmdet.CocoDataset` reads it.

mmdet silently drops what it cannot use: annotations of unknown images, of unknown classes and
without a box.
"""

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
    images=['id', 'file_name', 'height', 'width'],
    annotations=['id', 'image_id', 'category_id', 'bbox', 'area'],
    categories=['id', 'name'],
)
# The official files have a few boxes without width or height, which mmdet drops.
TOLERATED = 1e-3


def check_coco(dataset: dict, classes: Sequence[str]) -> int:
    """The number of images that a data set has for training or testing.

    Args:
        dataset: config of a `mmdet.CocoDataset`.
        classes: of the data set.

    Raises:
        InputError: see `data_checks.check_data`.
    """
    root = Path(dataset.get('data_root') or '')
    path = root / dataset['ann_file']
    extra = ['iscrowd'] if dataset.get('test_mode') else []
    if any(step.get('with_mask') for step in dataset.get('pipeline', [])):
        extra.append('segmentation')
    content = _read_json(path, dict(KEYS, annotations=KEYS['annotations'] + extra))
    images = {image['id']: image for image in content['images']}
    folder = root / dataset.get('data_prefix', {}).get('img', '')
    if gone := missing_files(folder, [image['file_name'] for image in images.values()]):
        raise InputError(
            f'{len(gone)} of {len(images)} images of {path} are not in {folder} '
            f'({some(gone[:3], len(gone))}): put them there, or set data_prefix to their folder.'
        )
    annotations = content['annotations']
    strangers = [a['id'] for a in annotations if a['image_id'] not in images]
    if strangers:
        raise InputError(
            f'{len(strangers)} of {len(annotations)} annotations of {path} are on images that it '
            f'does not have (annotation {some(strangers[:3], len(strangers))}): take images and '
            'annotations from the same file.'
        )
    names = {category['id']: category['name'] for category in content['categories']}
    chosen = bool((dataset.get('metainfo') or {}).get('classes'))
    _check_classes(path, names, {a['category_id'] for a in annotations}, classes, chosen)
    _check_annotated_boxes(path, annotations, images)
    if not (dataset.get('filter_cfg') or {}).get('filter_empty_gt') or dataset.get('test_mode'):
        return len(images)
    return len({a['image_id'] for a in annotations if names[a['category_id']] in classes})


def _read_json(path: Path, keys: dict[str, list[str]]) -> dict[str, Any]:
    if not path.is_file():
        raise InputError(
            f'there is no annotation file {path}: put it there, or name another with data_root and '
            'ann_file.'
        )
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:  # of JSON or of its encoding
        raise InputError(f'{path} is no JSON, or is cut off: {error}.') from None
    for part, wanted in keys.items():
        found = content.get(part) if isinstance(content, dict) else None
        if not isinstance(found, list) or not found:
            raise InputError(f'{path} has no {part!r}: a file of COCO has {", ".join(keys)}.')
        needed = set(wanted)
        for number, entry in enumerate(found):
            if not isinstance(entry, dict) or not needed <= entry.keys():
                lacks = needed - (entry.keys() if isinstance(entry, dict) else set())
                raise InputError(
                    f'entry {number} (from 0) of {part!r} in {path} lacks '
                    f'{", ".join(sorted(lacks))}.'
                )
    return content


def _check_classes(
    path: Path, names: dict[int, str], used: set[int], classes: Sequence[str], chosen: bool
) -> None:
    """With `chosen`, the config names the classes and may omit some on purpose."""
    if unknown := sorted(used - names.keys()):
        raise InputError(
            f'{path} has annotations of the category {some(unknown[:3], len(unknown))}, which is '
            "not among its 'categories': add it there."
        )
    cure = "set the data set's metainfo.classes to those of the file."
    if absent := [c for c in classes if c not in names.values()]:
        raise InputError(
            f'{len(absent)} of {len(classes)} classes of the data set are not among the '
            f"'categories' of {path} ({some(absent[:3], len(absent))}): {cure}"
        )
    others = sorted({names[i] for i in used} - set(classes))
    if others and not chosen:
        raise InputError(
            f'{path} has annotations of classes that the data set does not have '
            f'({some(others[:3], len(others))}): {cure}'
        )
    ordered = [name for name in names.values() if name in classes]
    if ordered != list(classes):  # mmdet numbers them in the order of the file
        raise InputError(
            f'the classes of the data set are not in the order of {path}, which has '
            f'{some(ordered[:3], len(ordered))}: {cure}'
        )


def _check_annotated_boxes(path: Path, annotations: list[dict], images: dict[int, dict]) -> None:
    for a in annotations:
        box = a['bbox']
        if not (isinstance(box, list) and len(box) == 4 and all(map(_is_number, box))):
            raise InputError(
                f'annotation {a["id"]} of {path} has the bbox {box}: it must be x, y, width and '
                'height in pixels.'
            )
    xywh = np.array([a['bbox'] for a in annotations], dtype=float)
    xywh[:, 2:] += xywh[:, :2]
    owners = [images[a['image_id']] for a in annotations]
    sizes = np.array([(image['width'], image['height']) for image in owners], dtype=float)
    name = [a['id'] for a in annotations].__getitem__
    check_boxes(xywh, sizes, lambda i: f'annotation {name(i)}', path, TOLERATED)


def _is_number(x: object) -> bool:
    return isinstance(x, int | float)
