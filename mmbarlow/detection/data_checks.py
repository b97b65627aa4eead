"""Check the annotations and images of a detection config before anything is trained."""

import gc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmdet.datasets import CocoDataset, XMLDataset
from mmdet.registry import DATASETS
from mmengine.config import Config, ConfigDict
from mmengine.fileio import list_from_file

from mmbarlow.config import nodes
from mmbarlow.datasets.faults import some
from mmbarlow.detection.coco_checks import check_coco
from mmbarlow.detection.voc_checks import check_voc
from mmbarlow.errors import InputError
from mmbarlow.launch import on_first
from mmbarlow.loss import distributed

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def check_data(cfg: Config) -> None:
    """Check all data that a detection config trains and tests on.

    The first process lists each folder and reads each annotation and the header of each image once,
    on behalf of all processes. Call it after the processes have been started. `mmdet.CocoDataset`
    becomes `MendedCocoDataset` in `cfg`, which reads more files, and the others alike.

    Raises:
        InputError: with the number and the first examples of each kind of fault. Annotations are
            missing, damaged, of classes that the data set does not have, or not of their images;
            images are missing, broken, nearly black or of another size than annotated; boxes are
            empty, dropped by mmdet, or outside of their image; masks are none; the detector has
            fewer classes than the data, the data sets have different classes, the evaluator reads
            another file than is tested on, or there are more processes than training images.
    """
    for node in (node for loader in LOADERS for node in nodes(cfg.get(loader) or {})):
        if isinstance(node.get('ann_file'), str) and DATASETS.get(node['type']) is CocoDataset:
            node['type'] = 'mmbarlow.MendedCocoDataset'
    gc.disable()  # it would visit COCO's tens of millions of objects again and again
    try:
        on_first(lambda: _check_all(cfg))
    finally:
        gc.enable()


def _check_all(cfg: Config) -> None:
    try:
        _check_loaders(cfg)
    except (OverflowError, RecursionError) as error:
        raise InputError(
            f'annotations have numbers or nested entries beyond all measure ({error}): correct '
            'them, or make the file again.'
        ) from None


def _check_loaders(cfg: Config) -> None:
    images, checked, named = 0, [], {}
    for loader in LOADERS:
        for node in nodes(cfg.get(loader) or {}):
            listed = isinstance(node.get('ann_file'), str)
            kind: Any = DATASETS.get(node['type']) if listed else None
            where = [node.get(key) for key in ('data_root', 'ann_file', 'data_prefix')]
            if not kind or not issubclass(kind, CocoDataset | XMLDataset):
                continue
            named[loader] = list(_classes(node, kind))
            if where not in checked:
                checked.append(where)
                count = _check_data_set(node, kind, cfg.model)
                images += count if loader == 'train_dataloader' else 0
        _check_evaluator(cfg, loader)
    if cfg.get('train_dataloader') and not images:
        raise InputError(
            "no training image has a box of the data set's classes that mmdet learns; it drops "
            'crowds and small boxes.'
        )
    _check_alike(named)
    if cfg.get('train_dataloader') and images < (processes := distributed.world_size()):
        raise InputError(
            f'there are more processes (GPUs), {processes}, than training images, {images}: start '
            f'at most {images}.'
        )


def _classes(dataset: dict, kind: Any) -> Sequence[str]:
    classes = {**kind.METAINFO, **(dataset.get('metainfo') or {})}['classes']
    if isinstance(classes, str) and not Path(classes).is_file():  # ('cat') is no tuple
        raise InputError(
            f"metainfo.classes of a data set is the text {classes!r}: write ('{classes}',), with "
            'the comma.'
        )
    names = list_from_file(classes) if isinstance(classes, str) else list(classes)
    if len(set(names)) < len(names):
        raise InputError(f'metainfo.classes of a data set has a name twice: {", ".join(names)}.')
    return names


def _check_alike(named: dict[str, list[str]]) -> None:
    """Raises InputError unless all loaders have the same classes in the same order."""
    (first, wanted), *others = named.items() or [('', [])]
    for loader, names in others:
        if names == wanted:
            continue
        what = 'not in the order of' if set(names) == set(wanted) else 'not those of'
        raise InputError(
            f'the classes of {first}, {some(wanted)}, are {what} {loader}, which has '
            f'{some(names)}: give both the same metainfo.classes.'
        )


def _check_evaluator(cfg: Config, loader: str) -> None:
    """Raises InputError if COCO's evaluation reads another file than the images are from."""
    evaluator = cfg.get(loader.replace('dataloader', 'evaluator')) or {}
    dataset = (cfg.get(loader) or {}).get('dataset') or {}
    if not isinstance(evaluator, dict) or not {'ann_file'} <= evaluator.keys() & dataset.keys():
        return
    files = [Path(part.get('data_root') or '', part['ann_file']) for part in (evaluator, dataset)]
    if files[0] != files[1]:
        raise InputError(
            f'{loader} has the annotations {files[1]}, its evaluator {files[0]}: set data_root and '
            f'ann_file of both, {loader}.dataset and {loader.replace("dataloader", "evaluator")}.'
        )


def _check_data_set(dataset: dict, kind: Any, model: ConfigDict) -> int:
    """The number of images that the data set has for training or testing."""
    own = dataset.get('metainfo') or {}
    classes = _classes(dataset, kind)
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
