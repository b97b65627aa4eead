"""Check a PASCAL VOC devkit before `mmdet.VOCDataset` reads it."""

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from mmbarlow.datasets.missing_files import missing_files
from mmbarlow.detection.box_checks import check_boxes, some
from mmbarlow.errors import InputError


class Annotation(NamedTuple):
    """size: width and height; boxes: corners as in the file, counted from 1, both included."""

    name: str
    size: tuple[int, int]
    classes: list[str]
    boxes: list[list[float]]


def check_voc(dataset: dict, classes: Sequence[str]) -> int:
    """The number of images that a data set has for training or testing.

    The official devkits have no box without area and none outside of its image, and mmdet would
    train on such boxes, so a single one is an error.

    Args:
        dataset: config of a `mmdet.VOCDataset`.
        classes: of the data set.

    Raises:
        InputError: see `data_checks.check_data`.
    """
    root = Path(dataset.get('data_root') or '')
    devkit = root / dataset.get('data_prefix', {}).get('sub_data_root', '')
    listed = root / dataset['ann_file']
    if not listed.is_file():
        raise InputError(
            f'there is no list of images {listed}: unpack the devkit there, or set data_root to '
            'its folder.'
        )
    names = listed.read_text().splitlines()
    if not names:
        raise InputError(f'the list of images {listed} is empty: unpack the devkit again.')
    folders = dataset.get('ann_subdir', 'Annotations'), dataset.get('img_subdir', 'JPEGImages')
    for folder, suffix in zip(folders, ('.xml', '.jpg'), strict=True):
        if gone := missing_files(devkit, [f'{folder}/{name}{suffix}' for name in names]):
            raise InputError(
                f'{len(gone)} of the {len(names)} files that {listed} needs are not in {devkit} '
                f'({some(gone[:3], len(gone))}): unpack the devkit again, or shorten the list.'
            )
    found = [_read_annotation(devkit, *folders, name) for name in names]
    counts = Counter(name for annotation in found for name in annotation.classes)
    others = sorted(counts.keys() - set(classes))
    if others and not (dataset.get('metainfo') or {}).get('classes'):
        raise InputError(
            f'{sum(counts[c] for c in others)} of {counts.total()} objects of {listed} are of '
            f'classes that the data set does not have ({some(others[:3], len(others))}): correct '
            "them, or name the classes in the data set's metainfo.classes."
        )
    _check_all_boxes(found, listed)
    if not (dataset.get('filter_cfg') or {}).get('filter_empty_gt') or dataset.get('test_mode'):
        return len(found)
    return sum(not set(classes).isdisjoint(annotation.classes) for annotation in found)


def _read_annotation(devkit: Path, annotations: str, images: str, name: str) -> Annotation:
    path = devkit / annotations / f'{name}.xml'
    try:
        root = ET.parse(path).getroot()
        if root.find('size') is None:  # mmdet opens the image, too
            with Image.open(devkit / images / f'{name}.jpg') as image:
                size = image.size
        else:
            size = int(_text(root, 'size/width')), int(_text(root, 'size/height'))
        objects = root.findall('object')
        classes = [_text(item, 'name') for item in objects]
        corners = ('xmin', 'ymin', 'xmax', 'ymax')
        boxes = [[float(_text(item, f'bndbox/{c}')) for c in corners] for item in objects]
    except (ET.ParseError, ValueError, OSError) as error:
        raise InputError(f'{path} is no annotation in the format of VOC: {error}.') from None
    return Annotation(name, size, classes, boxes)


def _text(node: ET.Element, path: str) -> str:
    text = node.findtext(path)
    if text is None:
        raise ValueError(f'there is no {node.tag}/{path}')
    return text


def _check_all_boxes(found: list[Annotation], listed: Path) -> None:
    rows = [(a, name, box) for a in found for name, box in zip(a.classes, a.boxes, strict=True)]
    if not rows:
        raise InputError(f'the images of {listed} have no objects: annotate some.')
    corners = np.array([box for _, _, box in rows]) - 1  # as mmdet counts: from 0
    sizes = np.array([a.size for a, _, _ in rows], dtype=float)
    check_boxes(corners, sizes, lambda i: f'{rows[i][1]} in {rows[i][0].name}.xml', listed)
