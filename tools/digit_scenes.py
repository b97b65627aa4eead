"""Scenes of handwritten digits with boxes and masks in COCO's format, made without a download.

    python tools/digit_scenes.py data/scenes
    python tools/digit_scenes.py data/scenes --train 400 --val 200 --size 128

Writes data/scenes/train and data/scenes/val, each with PNG files and _annotations.coco.json, as
Roboflow exports them. A scene has up to five of scikit-learn's digits, 24 to 64 px high, bright on
a dark and uneven ground, with pieces of other digits between them that are no objects. Scenes of
`train` have the digits of the training images of `mmbarlow.Digits`, those of `val` the others.
"""

import argparse
import json
from itertools import groupby
from pathlib import Path

import numpy as np
from PIL import Image

from mmbarlow import cli
from mmbarlow.datasets.digits import Digits
from mmbarlow.errors import InputError
from mmbarlow.files import write_atomically

SPLITS = dict(train='train', val='test')  # of the digits
HEIGHTS = 24, 64  # of a digit, in pixels
STROKE = 80  # from this brightness on, a pixel is of the digit
OVERLAP = 0.1  # of the smaller one's box, at most
ANNOTATIONS = '_annotations.coco.json'


def main() -> None:
    parser = argparse.ArgumentParser(description='Scenes of digits with boxes and masks.')
    parser.add_argument('out', type=Path, help='folder to write')
    parser.add_argument('--train', type=int, default=400, help='number of training scenes')
    parser.add_argument('--val', type=int, default=200, help='number of test scenes')
    parser.add_argument('--size', type=int, default=128, help='height and width in pixels')
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    if min(args.train, args.val) < 1 or args.size < 2 * HEIGHTS[1]:
        raise InputError(f'give at least one scene of each kind, of {2 * HEIGHTS[1]} px or more.')
    for folder in (args.out / split for split in SPLITS):
        if (folder / ANNOTATIONS).exists():
            raise InputError(f'{folder} has scenes already: remove it, or name another folder.')
    for number, (split, digits) in enumerate(SPLITS.items()):
        folder, count = args.out / split, getattr(args, split)
        folder.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng((args.seed, number))
        objects = write_scenes(folder, Digits(digits, size=HEIGHTS[1]), count, args.size, rng)
        print(f'{folder}: {count:,} scenes, {objects:,} digits')


def write_scenes(
    folder: Path, digits: Digits, count: int, size: int, rng: np.random.Generator
) -> int:
    """Write the images, and when all are there the JSON file; returns the number of objects."""
    images, objects = [], []
    for number in range(count):
        scene, found = draw_scene(digits, size, rng)
        name = f'{number:04d}.png'
        Image.fromarray(scene).convert('RGB').save(folder / name)
        images.append(dict(id=number, file_name=name, height=size, width=size))
        for label, mask in found:
            objects.append(
                dict(
                    id=len(objects) + 1,
                    image_id=number,
                    category_id=label + 1,
                    bbox=box_of(mask),
                    area=int(mask.sum()),
                    iscrowd=0,
                    segmentation=dict(size=[size, size], counts=run_lengths(mask)),
                )
            )
    names = digits.metainfo['classes']
    categories = [dict(id=i, name=name) for i, name in enumerate(names, 1)]
    content = json.dumps(dict(images=images, categories=categories, annotations=objects))
    write_atomically(folder / ANNOTATIONS, lambda path: path.write_text(content))
    return len(objects)


def draw_scene(
    digits: Digits, size: int, rng: np.random.Generator
) -> tuple[np.ndarray, list[tuple[int, np.ndarray]]]:
    """A scene, uint8 (size, size), and of each digit its label and mask, bool (size, size)."""
    scene, found, boxes = uneven_ground(size, rng), [], []
    for _ in range(rng.integers(2, 6)):
        label, pixels = random_digit(digits, rng)
        for _ in range(20):
            canvas = placed(pixels, size, rng)
            box = box_of(canvas >= STROKE)
            if all(overlap(box, other) <= OVERLAP for other in boxes):
                boxes.append(box)
                found.append((label, canvas >= STROKE))
                scene = np.maximum(scene, canvas)
                break
    taken = np.max([mask for _, mask in found], axis=0)
    for _ in range(rng.integers(2, 6)):  # pieces of digits are no digits
        _, pixels = random_digit(digits, rng)
        side = len(pixels) // 3
        y, x = rng.integers(0, len(pixels) - side, 2)
        canvas = placed(pixels[y : y + side, x : x + side], size, rng)
        if not taken[canvas > 0].any():
            scene = np.maximum(scene, canvas)
    return scene, found


def uneven_ground(size: int, rng: np.random.Generator) -> np.ndarray:
    coarse = Image.fromarray(rng.integers(0, 110, (6, 6), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((size, size), Image.Resampling.BICUBIC), np.float64)
    return (smooth + rng.normal(0, 8, (size, size))).clip(0, 140).astype(np.uint8)


def random_digit(digits: Digits, rng: np.random.Generator) -> tuple[int, np.ndarray]:
    """The label and the pixels, uint8 (h, w), of one digit at a random size."""
    info = digits.get_data_info(int(rng.integers(len(digits))))
    height = int(rng.integers(HEIGHTS[0], HEIGHTS[1] + 1))
    image = Image.fromarray(info['img']).convert('L').resize((height, height))
    return info['gt_label'], np.asarray(image)


def placed(pixels: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """The pixels somewhere on black, (size, size)."""
    canvas, (height, width) = np.zeros((size, size), np.uint8), pixels.shape
    y, x = rng.integers(0, size - height + 1), rng.integers(0, size - width + 1)
    canvas[y : y + height, x : x + width] = pixels
    return canvas


def box_of(mask: np.ndarray) -> list[int]:
    """Left, top, width and height of what is true, in pixels."""
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    left, top = int(columns[0]), int(rows[0])
    return [left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top]


def overlap(a: list[int], b: list[int]) -> float:
    """The area that two boxes share, as a share of the smaller one."""
    width, height = (min(a[i] + a[i + 2], b[i] + b[i + 2]) - max(a[i], b[i]) for i in (0, 1))
    return max(0, width) * max(0, height) / min(a[2] * a[3], b[2] * b[3])


def run_lengths(mask: np.ndarray) -> list[int]:
    """COCO's code of a mask: lengths of zeros and ones in turns, column by column, zeros first."""
    runs = [(bool(value), len([*run])) for value, run in groupby(mask.T.flatten().tolist())]
    return [0] * runs[0][0] + [length for _, length in runs]


if __name__ == '__main__':
    cli.run(main)
