"""Check a data set in COCO's format, of which mmdet would silently drop what it cannot use."""

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.logging import print_log

from mmbarlow.datasets.faults import some, stop_at
from mmbarlow.detection.coco_entries import (
    annotation_name,
    coco_box_faults,
    file_faults,
    is_learned,
    mask_faults,
)
from mmbarlow.detection.coco_file import KEYS, read_coco
from mmbarlow.errors import InputError, printable


def check_coco(dataset: dict, classes: Sequence[str], chosen: bool) -> tuple[int, int]:
    """The number of images of a data set, and of those with objects to learn of its classes.

    Args:
        dataset: config of a `mmdet.CocoDataset`.
        classes: of the data set.
        chosen: whether the config names the classes; it may then omit some on purpose.

    Raises:
        InputError: see `data_checks.check_data`.
    """
    root = Path(dataset.get('data_root') or '')
    path = root / dataset['ann_file']
    pipeline = dataset.get('pipeline', [])
    masks = any(step.get('with_mask') for step in pipeline)
    content, mended = read_coco(path, frozenset({'segmentation'} if masks else ()))
    if not content['annotations']:
        raise InputError(f"{path} has no 'annotations': a file of COCO has {', '.join(KEYS)}.")
    for text in mended:
        print_log(printable(text), 'current', logging.WARNING)
    stop_at(_reference_faults(path, content, classes, chosen))
    images = {image['id']: image for image in content['images']}
    names = {category['id']: category['name'] for category in content['categories']}
    faults = coco_box_faults(path, content['annotations'], images)
    if masks:
        faults += mask_faults(path, content['annotations'], images)
    folder = root / dataset.get('data_prefix', {}).get('img', '')
    faults += file_faults(path, folder, root, content['images'], pipeline)
    stop_at(faults)
    usable = [
        a for a in content['annotations'] if is_learned(a) and names[a['category_id']] in classes
    ]
    if not dataset.get('test_mode'):
        warn_of_unlearned(path, classes, Counter(names[a['category_id']] for a in usable))
    return len(images), len({a['image_id'] for a in usable})


def warn_of_unlearned(source: object, classes: Sequence[str], counts: Counter[str]) -> None:
    """Say which classes have no object to learn."""
    if any(counts.values()) and (absent := [name for name in classes if not counts[name]]):
        text = f'{source} has no object to learn of {len(absent)} of {len(classes)} classes'
        print_log(printable(f'{text} ({some(absent)}).'), 'current', logging.WARNING)


def _reference_faults(
    path: Path, content: dict[str, Any], classes: Sequence[str], chosen: bool
) -> list[str]:
    """What does not fit together: ids and classes."""
    faults = []
    for part in ('images', 'categories'):
        counts = Counter(entry['id'] for entry in content[part])
        if twice := [i for i, count in counts.items() if count > 1]:
            faults.append(f'{part} of {path} share an id ({some(twice)}): give each its own')
    annotations, images = content['annotations'], {image['id'] for image in content['images']}
    if strangers := [
        annotation_name(a, i) for i, a in enumerate(annotations) if a['image_id'] not in images
    ]:
        faults.append(
            f'{len(strangers)} of {len(annotations)} annotations of {path} are on images that it '
            f'does not have ({some(strangers)}): take images and annotations from the same file'
        )
    names = {category['id']: category['name'] for category in content['categories']}
    used = {a['category_id'] for a in annotations}
    if unknown := sorted(used - names.keys(), key=str):
        faults.append(
            f'{path} has annotations of the category {some(unknown)}, which is not among its '
            "'categories': add it there"
        )
    return faults + _class_faults(path, names, used & names.keys(), classes, chosen)


def _class_faults(
    path: Path, names: dict[int, str], used: set[int], classes: Sequence[str], chosen: bool
) -> list[str]:
    cure = f"set the data set's metainfo.classes to those of the file, {some(list(names.values()))}"
    if absent := [c for c in classes if c not in names.values()]:
        return [
            f'{len(absent)} of {len(classes)} classes of the data set are not among the '
            f"'categories' of {path} ({some(absent)}): {cure}"
        ]
    counts = Counter(name for name in names.values() if name in classes)
    if twice := [name for name, count in counts.items() if count > 1]:
        return [f"the 'categories' of {path} have {some(twice)} twice: merge or rename them"]
    others = sorted({names[i] for i in used} - set(classes))
    if others and not chosen:
        return [
            f'{path} has annotations of classes that the data set does not have ({some(others)}): '
            f'{cure}'
        ]
    return []
