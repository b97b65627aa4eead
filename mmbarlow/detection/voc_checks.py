"""Check a PASCAL VOC devkit before `mmdet.VOCDataset` reads it."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from mmbarlow.datasets.missing_files import missing_files
from mmbarlow.detection.box_checks import check_boxes, some
from mmbarlow.errors import InputError


class Annotated(NamedTuple):
    """An object as an annotation has it."""

    image: str
    size: tuple[int, int]  # width and height of the image
    name: str  # of its class
    corners: list[float]  # counted from 0 like mmdet does, while the files count from 1


def check_voc(dataset: dict, classes: Sequence[str], chosen: bool) -> tuple[int, int]:
    """What `coco_checks.check_coco` does, for the config of a `mmdet.VOCDataset`.

    The official devkits have no box without area and none outside of its image, and mmdet would
    train on such boxes, so a single one is an error.
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
                f'({some(gone)}): unpack the devkit again, or shorten the list.'
            )
    objects = [item for name in names for item in _objects(devkit, *folders, name)]
    others = [item.name for item in objects if item.name not in classes]
    if others and not chosen:
        raise InputError(
            f'{len(others)} of {len(objects)} objects of {listed} are of classes that the data set '
            f'does not have ({some(sorted(set(others)))}): correct them, or name the classes in '
            "the data set's metainfo.classes."
        )
    if not objects:
        raise InputError(f'the images of {listed} have no objects: annotate some.')
    corners, sizes = [item.corners for item in objects], [item.size for item in objects]
    check_boxes(corners, sizes, lambda i: f'{objects[i].name} in {objects[i].image}.xml', listed)
    annotated = {item.image for item in objects if item.name in classes}
    return len(names), sum(name in annotated for name in names)


def _objects(devkit: Path, annotations: str, images: str, image: str) -> list[Annotated]:
    path = devkit / annotations / f'{image}.xml'
    try:
        root = ET.parse(path).getroot()
        if root.find('size') is None:  # mmdet opens the image, too
            with Image.open(devkit / images / f'{image}.jpg') as opened:
                size = opened.size
        else:
            size = int(_text(root, 'size/width')), int(_text(root, 'size/height'))
        sides = [f'bndbox/{side}' for side in ('xmin', 'ymin', 'xmax', 'ymax')]
        return [
            Annotated(image, size, _text(item, 'name'), [float(_text(item, s)) - 1 for s in sides])
            for item in root.findall('object')
        ]
    except (ET.ParseError, ValueError, OSError) as error:
        raise InputError(f'{path} is no annotation in the format of VOC: {error}.') from None


def _text(node: ET.Element, path: str) -> str:
    text = node.findtext(path)
    if text is None:
        raise ValueError(f'there is no {node.tag}/{path}')
    return text
