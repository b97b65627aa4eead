"""Check the annotations and images of a detection config before anything is trained."""

import gc
from collections.abc import Iterator
from typing import Any

from mmdet.datasets import CocoDataset, XMLDataset
from mmdet.registry import DATASETS
from mmengine.config import Config, ConfigDict

from mmbarlow.detection.coco_checks import check_coco
from mmbarlow.detection.voc_checks import check_voc
from mmbarlow.errors import InputError
from mmbarlow.launch import on_first
from mmbarlow.loss import distributed

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def check_data(cfg: Config) -> None:
    """Check all data that a detection config trains and tests on.

    The first process lists each folder and reads each annotation once, on behalf of all processes:
    this takes seconds for VOC and half a minute for COCO. No image is opened. Call it after the
    processes have been started.

    Raises:
        InputError: annotations are missing, damaged or of classes that the data set does not
            have, images are missing, boxes are empty or outside of their image, the detector
            has fewer classes than the data, or there are more processes than training images.
    """
    gc.disable()  # it would visit COCO's tens of millions of objects again and again
    try:
        on_first(lambda: _check_loaders(cfg))
    finally:
        gc.enable()


def _check_loaders(cfg: Config) -> None:
    images, checked = 0, []
    for loader in LOADERS:
        for dataset in _data_sets(cfg.get(loader) or {}):
            where = [dataset.get(key) for key in ('data_root', 'ann_file', 'data_prefix')]
            if where not in checked:
                checked.append(where)
                count = _check_data_set(dataset, cfg.model)
                images += count if loader == 'train_dataloader' else 0
    if not cfg.get('train_dataloader'):
        return
    if not images:
        raise InputError("no training image has a box of the data set's classes.")
    processes = distributed.world_size()
    if images < processes:
        raise InputError(
            f'there are more processes (GPUs), {processes}, than training images, {images}: start '
            f'at most {images}.'
        )


def _check_data_set(dataset: dict, model: ConfigDict) -> int:
    """The number of images in the data set."""
    kind: Any = DATASETS.get(dataset['type'])
    classes = {**kind.METAINFO, **(dataset.get('metainfo') or {})}['classes']
    check = check_coco if issubclass(kind, CocoDataset) else check_voc
    images = check(dataset, classes)
    for name in ('bbox_head', 'mask_head'):
        outputs = (model.roi_head.get(name) or {}).get('num_classes', len(classes))
        if outputs < len(classes):
            raise InputError(
                f'the {name} predicts {outputs} classes, but the data has {len(classes)}: set '
                f'model.roi_head.{name}.num_classes={len(classes)}.'
            )
    indices = dataset.get('indices')
    if indices is None:
        return images
    return min(images, indices if isinstance(indices, int) else len(indices))


def _data_sets(node: Any) -> Iterator[dict]:
    """The configs of data sets with boxes in `node`, without their wrappers."""
    if isinstance(node, list | tuple):
        for child in node:
            yield from _data_sets(child)
    elif isinstance(node, dict):
        kind = DATASETS.get(node['type']) if isinstance(node.get('ann_file'), str) else None
        if isinstance(kind, type) and issubclass(kind, CocoDataset | XMLDataset):
            yield node
        else:
            yield from _data_sets(list(node.values()))
