"""Check a PASCAL VOC devkit before `mmdet.VOCDataset` reads it."""

import logging
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mmengine.logging import print_log
from PIL import Image

from mmbarlow.datasets.faults import some, stop_at
from mmbarlow.datasets.image_frames import image_faults
from mmbarlow.datasets.missing_files import missing_files
from mmbarlow.detection.box_checks import box_faults
from mmbarlow.detection.coco_checks import warn_of_unlearned
from mmbarlow.errors import InputError, printable

Size = tuple[int, int]  # width and height


class Annotated(NamedTuple):
    """An object as an annotation has it."""

    image: str
    size: Size  # of the image
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
    names = _names(listed)
    folders = dataset.get('ann_subdir', 'Annotations'), dataset.get('img_subdir', 'JPEGImages')
    for folder, suffix in zip(folders, ('.xml', '.jpg'), strict=True):
        if gone := missing_files(devkit, [f'{folder}/{name}{suffix}' for name in names]):
            alike = sorted((devkit / gone[0]).parent.glob(f'{Path(gone[0]).stem}.*'))
            hint = f', while there is {alike[0].name}; mmdet reads {suffix} alone' if alike else ''
            raise InputError(
                f'{len(gone)} of the {len(names)} files that {listed} needs are not in {devkit} '
                f'({some(gone)}){hint}: unpack the devkit again, or shorten the list.'
            )
    objects, frames, broken = [], [], []
    for name in names:
        try:
            size, found = _read(devkit, *folders, name)
        except InputError as error:
            broken.append(str(error))
            continue
        objects += found
        frames.append((devkit / folders[1] / f'{name}.jpg', size))
    others = f'; so is {len(broken) - 1} of {len(names)} others' * (len(broken) > 1)
    faults = [broken[0] + others] if broken else []
    faults += _class_faults(listed, objects, classes, chosen)
    if not objects and not broken:
        faults.append(f'the images of {listed} have no objects: annotate some')
    corners, sizes = [item.corners for item in objects], [item.size for item in objects]
    if objects:
        named = [f'{item.name} in {item.image}.xml' for item in objects]
        faults += box_faults(corners, sizes, named.__getitem__, listed)
    stop_at(faults + image_faults(frames, listed, dataset.get('pipeline', [])))
    if early := sum(min(item.corners) < 0 for item in objects):
        text = f'{early} of {len(objects)} boxes of {listed} begin at 0, while VOC counts from 1'
        print_log(
            f'{printable(text)}: all are read a pixel further up and left.',
            'current',
            logging.WARNING,
        )
    known = [item for item in objects if item.name in classes]
    if not dataset.get('test_mode'):
        warn_of_unlearned(listed, classes, Counter(item.name for item in known))
    return len(names), len({item.image for item in known})


def _names(listed: Path) -> list[str]:
    if not listed.is_file():
        raise InputError(
            f'there is no list of images {listed}: unpack the devkit there, or set data_root to '
            'its folder.'
        )
    try:
        names = listed.read_text().splitlines()
    except ValueError as error:  # of UTF-8
        raise InputError(f'the list of images {listed} is no text: {error}.') from None
    if not names:
        raise InputError(f'the list of images {listed} is empty: unpack the devkit again.')
    if odd := [name for name in names if not name or name != name.strip() or '  ' in name]:
        raise InputError(
            f'{len(odd)} of {len(names)} lines of {listed} are not the name of an image alone '
            f'({odd[0]!r}): take the list of all classes, such as trainval.txt, and no empty lines.'
        )
    return names


def _class_faults(
    listed: Path, objects: list[Annotated], classes: Sequence[str], chosen: bool
) -> list[str]:
    others = [item.name for item in objects if item.name not in classes]
    what = (
        f'{len(others)} of {len(objects)} objects of {listed} are of classes that the data set '
        f'does not have ({some(sorted(set(others)))})'
    )
    if others and (not chosen or len(others) == len(objects)):
        return [f"{what}: correct them, or name the classes in the data set's metainfo.classes"]
    if others:
        print_log(f'{printable(what)}; they are left out.', 'current', logging.WARNING)
    return []


def _read(devkit: Path, annotations: str, images: str, image: str) -> tuple[Size, list[Annotated]]:
    path = devkit / annotations / f'{image}.xml'
    try:
        root = ET.parse(path).getroot()
        if root.find('size') is None:  # mmdet opens the image, too
            with Image.open(devkit / images / f'{image}.jpg') as opened:
                size = opened.size
        else:
            size = int(_text(root, 'size/width')), int(_text(root, 'size/height'))
        sides = [f'bndbox/{side}' for side in ('xmin', 'ymin', 'xmax', 'ymax')]
        found = []
        for item in root.findall('object'):
            int(item.findtext('difficult', '0'))  # mmdet does
            corners = [float(_text(item, side)) - 1 for side in sides]
            found.append(Annotated(image, size, _text(item, 'name'), corners))
        return size, found
    except (ET.ParseError, LookupError, ValueError, OverflowError, OSError) as error:
        raise InputError(f'{path} is no annotation in the format of VOC: {error}') from None


def _text(node: ET.Element, path: str) -> str:
    text = node.findtext(path)
    if text is None:
        raise ValueError(f'there is no {node.tag}/{path}')
    return text
