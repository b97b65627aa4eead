"""Check the annotations and images of a detection config before anything is trained."""

import gc
from typing import Any

from mmdet.datasets import CocoDataset, XMLDataset
from mmdet.registry import DATASETS
from mmengine.config import Config, ConfigDict

from mmbarlow.config import nodes
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
        for node in nodes(cfg.get(loader) or {}):
            listed = isinstance(node.get('ann_file'), str)
            kind: Any = DATASETS.get(node['type']) if listed else None
            where = [node.get(key) for key in ('data_root', 'ann_file', 'data_prefix')]
            if kind and issubclass(kind, CocoDataset | XMLDataset) and where not in checked:
                checked.append(where)
                count = _check_data_set(node, kind, cfg.model)
                images += count if loader == 'train_dataloader' else 0
    if not cfg.get('train_dataloader'):
        return
    if not images:
        raise InputError("no training image has a box of the data set's classes.")
    if images < (processes := distributed.world_size()):
        raise InputError(
            f'there are more processes (GPUs), {processes}, than training images, {images}: start '
            f'at most {images}.'
        )


def _check_data_set(dataset: dict, kind: Any, model: ConfigDict) -> int:
    """The number of images that the data set has for training or testing."""
    own = dataset.get('metainfo') or {}
    classes = {**kind.METAINFO, **own}['classes']
    check = check_coco if issubclass(kind, CocoDataset) else check_voc
    images, annotated = check(dataset, classes, bool(own.get('classes')))
    if (dataset.get('filter_cfg') or {}).get('filter_empty_gt') and not dataset.get('test_mode'):
        images = annotated
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
