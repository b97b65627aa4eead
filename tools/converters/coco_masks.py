"""Semantic masks from annotations in COCO's format, as `mmbarlow.MaskFolder` reads them.

    python tools/converters/coco_masks.py data/coco/annotations/instances_train2017.json \\
        data/coco/train2017 data/masks --split train
    python tools/converters/coco_masks.py data/coco/annotations/instances_val2017.json \\
        data/coco/val2017 data/masks --split val

Writes data/masks/masks/SPLIT/NAME.png, links the images into data/masks/images/SPLIT/ (or copies
them where the disk has no hard links), and writes data/masks/classes.txt. The number 0 is
background, 255 a crowd, which is ignored, and where objects overlap, the smaller one counts. --voc
takes the 20 classes of PASCAL VOC under its names and in its order, --classes those that you name.
"""

import argparse
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from mmbarlow import cli
from mmbarlow.datasets.size_limit import too_many
from mmbarlow.errors import InputError
from mmbarlow.files import write_atomically
from mmbarlow.optional import package

IGNORED = 255
# PASCAL VOC's classes in its order, and COCO's names of those that it calls otherwise.
VOC = (
    *('aeroplane', 'bicycle', 'bird', 'boat', 'bottle', 'bus', 'car', 'cat', 'chair', 'cow'),
    *('diningtable', 'dog', 'horse', 'motorbike', 'person', 'pottedplant', 'sheep', 'sofa'),
    *('train', 'tvmonitor'),
)
COCO = {
    'aeroplane': 'airplane',
    'diningtable': 'dining table',
    'motorbike': 'motorcycle',
    'pottedplant': 'potted plant',
    'sofa': 'couch',
    'tvmonitor': 'tv',
}


def main() -> None:
    parser = argparse.ArgumentParser(description='Masks of classes from a COCO file.')
    parser.add_argument('annotations', type=Path, help='JSON file with masks')
    parser.add_argument('images', type=Path, help='folder of its images')
    parser.add_argument('out', type=Path, help='folder to write')
    parser.add_argument('--split', choices=['train', 'val'], required=True)
    which = parser.add_mutually_exclusive_group()
    which.add_argument('--voc', action='store_true', help="PASCAL VOC's 20 classes")
    which.add_argument('--classes', nargs='+', metavar='NAME', help='some of its categories')
    parser.add_argument('--force', action='store_true', help='replace masks and classes.txt')
    args = parser.parse_args()
    masks = package('pycocotools.mask', 'tools/converters/coco_masks.py', 'detection')
    content = read(args.annotations)
    known = {category['name']: category['id'] for category in content['categories']}
    names = VOC if args.voc else args.classes or list(known)
    wanted = [COCO.get(name, name) if args.voc else name for name in names]
    check_names(args.annotations, wanted, known)
    numbers = {known[name]: number for number, name in enumerate(wanted, 1)}
    write_classes(args.out / 'classes.txt', ['background', *names], args.force)
    objects: dict[int, list[dict]] = {image['id']: [] for image in content['images']}
    for annotation in content['annotations']:
        if annotation['category_id'] in numbers:
            objects[annotation['image_id']].append(annotation)
    for image in content['images']:
        name = Path(image['file_name'])
        place = args.out / 'masks' / args.split / name.with_suffix('.png')
        if place.exists() and not args.force:
            raise InputError(f'{place} exists already: --force replaces it.')
        mask = Image.fromarray(draw(image, objects[image['id']], numbers, masks))
        mask.putpalette(palette())
        link(args.images / name, args.out / 'images' / args.split / name)
        place.parent.mkdir(parents=True, exist_ok=True)
        mask.save(place)
    print(f'{args.out}: {len(objects):,} {args.split} images, {len(names)} classes and background')


def check_names(path: Path, wanted: Sequence[str], known: dict) -> None:
    """Raises InputError unless the file has all the classes, and they have numbers."""
    if len(wanted) >= IGNORED:
        raise InputError(f'{len(wanted)} classes are more than {IGNORED - 1}: name some of them.')
    if absent := [name for name in wanted if name not in known]:
        raise InputError(
            f'{path} has no categories {", ".join(absent[:5])}: it has '
            f'{", ".join(list(known)[:100])}.'
        )


def read(path: Path) -> dict:
    """The content of a COCO file; InputError if it lacks what masks need."""
    try:
        content = json.loads(path.read_bytes())
        images = {image['id'] for image in content['images']}
        for image in content['images']:
            name = Path(image['file_name'])
            if name.is_absolute() or '..' in name.parts:
                raise ValueError(f'the file_name {name} leads out of the folder of images')
            if reason := too_many(int(image['width']), int(image['height'])):
                raise ValueError(f'{name} has {reason}')
        for a in content['annotations']:
            if lacks := {'segmentation', 'category_id', 'image_id'} - a.keys():
                raise ValueError(f'an annotation has no {min(lacks)}')
            if a['image_id'] not in images:
                raise ValueError(
                    f'an annotation is of the image {a["image_id"]}, which is not there'
                )
        [(category['id'], category['name']) for category in content['categories']]
    except OSError as error:
        raise InputError(f'{path} cannot be read: {error.strerror}.') from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f'{path} has no images, categories and annotations with masks as in COCO ({error!r}).'
        ) from error
    return content


def draw(image: dict, objects: list[dict], numbers: dict, masks) -> np.ndarray:
    """The number of the class of each pixel, (H, W); large objects are drawn first."""
    height, width = int(image['height']), int(image['width'])
    canvas = np.zeros((height, width), np.uint8)
    drawn = []
    for thing in objects:
        try:
            code = thing['segmentation']
            if isinstance(code, list):
                code = masks.merge(masks.frPyObjects(code, height, width))
            elif isinstance(code['counts'], list):
                code = masks.frPyObjects(code, height, width)
            pixels = masks.decode(code).astype(bool)
            if pixels.shape != canvas.shape:
                raise ValueError(f'its size is {pixels.shape[::-1]}')
        except Exception as error:  # of pycocotools, of many kinds
            raise InputError(
                f'the mask of annotation {thing.get("id")} of {image["file_name"]}, {width} x '
                f'{height}, cannot be drawn ({error}): correct or remove it.'
            ) from error
        drawn.append((thing.get('iscrowd'), pixels, numbers[thing['category_id']]))
    drawn.sort(key=lambda item: (not item[0], -item[1].sum()))
    for crowd, pixels, number in drawn:
        canvas[pixels] = IGNORED if crowd else number
    return canvas


def write_classes(path: Path, names: list[str], force: bool) -> None:
    text = ''.join(f'{name}\n' for name in names)
    if path.exists() and path.read_text('utf-8') != text and not force:
        raise InputError(f'{path} has other classes: --force replaces it, another folder keeps it.')
    write_atomically(path, text)


def link(image: Path, place: Path) -> None:
    if not image.is_file():
        raise InputError(f'there is no image {image}: give the folder of the images.')
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.exists():
        return
    try:
        os.link(image, place)
    except OSError:
        shutil.copy(image, place)


def palette() -> list[int]:
    """The colors of PASCAL VOC's development kit: the bits of the number, three by three, make the
    high bits of red, green and blue."""
    numbers = np.arange(256)
    bits = [(numbers >> (3 * i + c) & 1) << (7 - i) for c in range(3) for i in range(3)]
    channels = [sum(bits[3 * c : 3 * c + 3]) for c in range(3)]
    return np.stack(channels, axis=1).astype(np.uint8).ravel().tolist()


if __name__ == '__main__':
    cli.run(main)
