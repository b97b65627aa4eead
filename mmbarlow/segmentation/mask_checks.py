"""Check the images and masks of a segmentation config before anything is trained."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from mmengine.config import Config
from mmengine.logging import print_log
from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS

from mmbarlow.config import nodes
from mmbarlow.config_files import explained
from mmbarlow.datasets.faults import some, stop_at
from mmbarlow.errors import InputError, printable
from mmbarlow.segmentation.mask_faults import (
    IGNORED,
    absence_faults,
    number_faults,
    pair_faults,
    sameness_fault,
)
from mmbarlow.segmentation.mask_files import Mask, look_at_pair

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


class MaskFacts(NamedTuple):
    """What the data of a config says about its model and schedule."""

    classes: tuple[str, ...]
    images: int  # to train on


def check_masks(cfg: Config) -> MaskFacts:
    """Check all data that a segmentation config trains and tests on.

    The headers of all images are read, and all masks.

    Raises:
        InputError: with the number and the first examples of each kind of fault. There are no
            images; masks are missing, broken, no numbers of 8 bits, of another size than their
            image, or of numbers that are no class; all of them have one class; the data sets have
            different classes.
    """
    named: dict[str, tuple[str, ...]] = {}
    checked: list[list] = []
    images, counts = 0, np.zeros(256, int)
    for loader in LOADERS:
        for node in _data_sets(cfg.get(loader) or {}):
            with explained(f'the data of {loader}'):
                dataset: Any = DATASETS.build(dict(node, pipeline=[], _scope_='mmseg'))
            named[loader] = tuple(dataset.metainfo['classes'])
            where = [node.get(k) for k in ('data_root', 'ann_file', 'data_prefix', 'split')]
            if where in checked:
                continue
            checked.append(where)
            found = _check_set(dataset)
            if loader == 'train_dataloader':
                images, counts = images + len(dataset), counts + found
    classes = _common(named)
    if cfg.get('train_dataloader'):
        stop_at(list(filter(None, [sameness_fault(counts)])))
        seen = np.count_nonzero(counts[:IGNORED])
        if seen < len(classes):
            text = f'the masks to train on have no pixel of {len(classes) - seen} of {len(classes)}'
            print_log(printable(f'{text} classes.'), 'current', logging.WARNING)
    return MaskFacts(classes, images)


def _data_sets(loader: dict) -> Iterator[dict]:
    for node in nodes(loader):
        kind: Any = DATASETS.get(node['type']) if isinstance(node.get('type'), str) else None
        if isinstance(kind, type) and issubclass(kind, BaseSegDataset):
            yield node


def _common(named: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The classes of all loaders; InputError if they differ."""
    (first, wanted), *others = named.items()
    for loader, names in others:
        if names != wanted:
            raise InputError(
                f'the {len(wanted)} classes of {first}, {some(wanted)}, are not the {len(names)} '
                f'of {loader}, {some(names)}: give both the same metainfo.classes.'
            )
    return wanted


def _check_set(dataset: Any) -> np.ndarray:
    """How many pixels of the data set have each number, (256,)."""
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    if not infos:
        folder = dataset.data_prefix.get('img_path') or dataset.data_root
        raise InputError(
            f'there are no images for {type(dataset).__name__} in {folder}: put them there, or '
            'name another folder with --cfg-options data_root=FOLDER.'
        )
    paths = [(Path(info['img_path']), Path(info['seg_map_path'])) for info in infos]
    stop_at(list(absence_faults(paths)))
    with ThreadPoolExecutor(16) as pool:
        pairs = list(pool.map(lambda pair: look_at_pair(*pair), paths))
    stop_at(list(pair_faults(paths, pairs)))
    masks = [pair.mask for pair in pairs if isinstance(pair.mask, Mask)]
    classes = len(dataset.METAINFO.get('classes') or dataset.metainfo['classes'])
    stop_at(list(number_faults(paths, masks, classes, bool(dataset.reduce_zero_label))))
    counts = sum((mask.counts for mask in masks), np.zeros(256, int))
    counts[0] *= not dataset.reduce_zero_label
    return counts
