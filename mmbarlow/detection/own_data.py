"""Complete a detection config from a user's annotations."""

from collections import Counter
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log

from mmbarlow.detection.box_checks import some
from mmbarlow.detection.coco_entries import is_box, is_learned
from mmbarlow.detection.own_annotations import Part, find_parts
from mmbarlow.detection.own_schedule import fill_in_schedule
from mmbarlow.errors import InputError, printable
from mmbarlow.launch import on_first


def complete(cfg: Config) -> None:
    """Fill in what a config with the key `annotations` leaves to the files, in place.

    These are the annotations and images of both parts, the classes (the categories that have a
    training object, in the order of the file), the outputs of the heads, whether masks are loaded,
    and the schedule (`fill_in_schedule`). Other configs stay as they are, and so does a config that
    is complete.

    Raises:
        InputError: the annotations or images are not found, or no object can be learned.
    """
    named = cfg.get('annotations')
    if named is None:
        return
    root, work_dir = Path(cfg.data_root), Path(cfg.work_dir)
    parts = on_first(lambda: find_parts(root, named, work_dir))
    classes, images = learned_classes(parts['train'])
    _report_left_out(parts, classes)
    for part, loaders in dict(train=['train'], val=['val', 'test']).items():
        for name in loaders:
            _use(cfg, name, parts[part], classes)
    heads = cfg.model.roi_head
    for name in ('bbox_head', 'mask_head'):
        if name in heads:
            heads[name].num_classes = len(classes)
    fill_in_schedule(cfg, images)
    cfg.pop('annotations')


def learned_classes(part: Part) -> tuple[tuple[str, ...], int]:
    """The categories with an object to learn, and the number of images that have one."""
    learned = [a for a in part.content['annotations'] if is_box(a['bbox']) and is_learned(a)]
    used = {annotation['category_id'] for annotation in learned}
    categories = part.content['categories']
    classes = tuple(str(c['name']) for c in categories if c['id'] in used)
    if not classes:
        raise InputError(
            f'{part.file} has no object to learn: its {len(part.content["annotations"])} '
            'annotations are crowds, smaller than a pixel, or of categories that it does not list.'
        )
    return classes, len({annotation['image_id'] for annotation in learned})


def _report_left_out(parts: dict[str, Part], classes: tuple[str, ...]) -> None:
    categories = [str(c['name']) for c in parts['train'].content['categories']]
    if empty := [name for name in categories if name not in classes]:
        text = f'{parts["train"].file}: {len(empty)} categories have no training object and are'
        print_log(printable(f'{text} left out ({some(empty)}).'), 'current')
    test = parts['val'].content
    names = {c['id']: str(c['name']) for c in test['categories']}
    unknown = Counter(
        names[a['category_id']]
        for a in test['annotations']
        if names.get(a['category_id'], classes[0]) not in classes
    )
    if unknown:
        text = (
            f'{parts["val"].file}: {unknown.total()} objects are of categories without a training'
        )
        print_log(printable(f'{text} object and do not count ({some([*unknown])}).'), 'current')


def _use(cfg: Config, name: str, part: Part, classes: tuple[str, ...]) -> None:
    """Give a loader, and its evaluator, a part."""
    dataset: Any = cfg[f'{name}_dataloader'].dataset
    masks = 'mask_head' in cfg.model.roi_head
    place = dict(data_root='', ann_file=str(part.file))
    dataset.update(place, data_prefix=dict(img=f'{part.folder}/'), metainfo=dict(classes=classes))
    for step in dataset.pipeline:
        if 'with_mask' in step:
            step.with_mask = masks
    if evaluator := cfg.get(f'{name}_evaluator'):
        evaluator.update(place, metric=['bbox', 'segm'] if masks else ['bbox'])
