"""A user's images and boxes in COCO's format, for a card."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmbarlow.benchmarks.place_card.box_task import BoxedImage, BoxTask
from mmbarlow.errors import InputError
from mmbarlow.optional import package


def box_task(folder: str, name: str, work_dir: Path, seed: int = 0) -> BoxTask:
    """The images and boxes of a folder, as `--suite faster-rcnn-fpn_own` finds and checks them.

    Args:
        work_dir: gets `annotations/` where a single file has to be divided.

    Raises:
        InputError: mmdet is missing; files are not found or faulty; no test image has an object of
            a class with a training object.
    """
    package('mmdet', 'a card of boxes', 'detection')
    from mmbarlow.detection.coco_checks import check_coco
    from mmbarlow.detection.own_annotations import find_parts
    from mmbarlow.detection.own_data import learned_classes

    parts = find_parts(Path(folder), dict(train=None, val=None), work_dir)
    classes, _ = learned_classes(parts['train'])
    for part in parts.values():
        place = dict(ann_file=str(part.file), data_prefix=dict(img=f'{part.folder}/'))
        check_coco(place, classes, True)
    train, test = (_samples(parts[part], classes) for part in ('train', 'val'))
    if not any(len(sample.labels) for sample in test):
        raise InputError(
            f'{parts["val"].file} has no object of the classes with training objects, '
            f'{", ".join(classes)[:80]}: name the test annotations by their file, val.json.'
        )
    known = {c['name']: c['id'] for c in parts['val'].content['categories']}
    ids = tuple(known.get(name, -1 - i) for i, name in enumerate(classes))
    return BoxTask(name, train, test, classes, ids, parts['val'].file, seed)


def _samples(part: Any, classes: tuple[str, ...]) -> list[BoxedImage]:
    from mmbarlow.detection.coco_entries import is_learned

    names = {c['id']: str(c['name']) for c in part.content['categories']}
    objects: dict[Any, list[dict]] = {image['id']: [] for image in part.content['images']}
    for annotation in part.content['annotations']:
        if names[annotation['category_id']] in classes:
            objects[annotation['image_id']].append(annotation)
    samples = []
    for image in part.content['images']:
        size = image['width'], image['height']
        found = objects[image['id']]
        own, crowds = ([a for a in found if is_learned(a) == kind] for kind in (True, False))
        labels = [classes.index(names[a['category_id']]) for a in own]
        boxes = (_shares(each, size) for each in (own, crowds))
        path = part.folder / image['file_name']
        samples.append(
            BoxedImage(
                path, image['id'], size, next(boxes), torch.tensor(labels).long(), next(boxes)
            )
        )
    return samples


def _shares(annotations: list[dict], size: tuple[int, int]) -> Tensor:
    """Boxes as parts of the image, (n, 4)."""
    boxes = torch.tensor([a['bbox'] for a in annotations]).double().view(-1, 4)
    boxes = torch.cat([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], 1)
    return (boxes / torch.tensor([*size] * 2)).clamp(0, 1).float()
