"""What is wrong with pairs of images and masks, a sentence for each kind."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from mmbarlow.datasets.faults import some
from mmbarlow.segmentation.mask_files import Mask, Pair

IGNORED = 255
SAVE = 'save the number of the class of each pixel as a PNG of 8 bits, gray or with a palette'
Paths = Sequence[tuple[Path, Path]]  # of an image and of its mask


def absence_faults(paths: Paths) -> Iterator[str]:
    """Images or masks that are not there."""
    for place, what in enumerate(('images are not there', 'images have no mask')):
        if gone := [pair[place] for pair in paths if not pair[place].is_file()]:
            yield (
                f'{len(gone)} of {len(paths)} {what} ({some(gone, 2)}): add what is missing, or '
                'leave the images out'
            )


def pair_faults(paths: Paths, pairs: Sequence[Pair]) -> Iterator[str]:
    """Images and masks that cannot be read, or are not of one size."""
    broken, odd, other = [], [], []
    for (image, mask), pair in zip(paths, pairs, strict=True):
        if isinstance(pair.image, str):
            broken.append(f'{image.name}: {pair.image}')
        if isinstance(pair.mask, str):
            odd.append(f'{mask.name}: {pair.mask}')
        elif not isinstance(pair.image, str) and pair.mask.size != pair.image.shown:
            (width, height), (right_width, right_height) = pair.mask.size, pair.image.shown
            unturned = ' as before its EXIF tag turns it' * (pair.mask.size == pair.image.stored)
            other.append(
                f'{mask.name} is {width} x {height}{unturned}, its image {right_width} x '
                f'{right_height}'
            )
    kinds = {
        'images cannot be read': (broken, 'replace them'),
        'masks cannot be used': (odd, SAVE),
        'masks have another size than their image': (
            other,
            'make them in full size from the images that are there',
        ),
    }
    for kind, (found, cure) in kinds.items():
        if found:
            yield f'{len(found)} of {len(pairs)} {kind} ({some(found, 2)}): {cure}'


def number_faults(
    paths: Paths, masks: Sequence[Mask], classes: int, zero_is_none: bool
) -> Iterator[str]:
    """Masks with numbers that are neither a class nor ignored.

    Args:
        paths: of the images and their masks.
        masks: what is in the masks.
        classes: their number.
        zero_is_none: whether the classes count from 1, `reduce_zero_label` of mmseg.
    """
    highest = classes if zero_is_none else classes - 1
    wrong = []
    for (_, path), mask in zip(paths, masks, strict=True):
        beyond = highest + 1 + np.flatnonzero(mask.counts[highest + 1 : IGNORED])
        if len(beyond):
            wrong.append((path, beyond.tolist()))
    if not wrong:
        return
    top = max(max(numbers) for _, numbers in wrong)
    texts = [f'{path.name}: {", ".join(map(str, numbers[:3]))}' for path, numbers in wrong]
    cure = f'name classes for the numbers up to {top}, or correct the masks'
    if top == classes:
        cure += '; if 0 stands for no class, set reduce_zero_label=True of the data sets'
    yield (
        f'{len(wrong)} of {len(masks)} masks have numbers beyond those of the {classes} classes, '
        f'which are 0 to {highest}, and {IGNORED} for what is ignored ({some(texts, 2)}): {cure}'
    )


def sameness_fault(counts: np.ndarray) -> str:
    """Why there is nothing to tell apart in masks with so many pixels of each number, (256,)."""
    numbers = np.flatnonzero(counts[:IGNORED])
    if len(numbers) > 1:
        return ''
    only = f'the number {numbers[0]}' if len(numbers) else 'no class'
    binary = f' and {IGNORED}, which is ignored (an object is 1, not {IGNORED})'
    return (
        f'the masks to train on have only {only}{binary * bool(counts[IGNORED])}, so there is '
        f'nothing to tell apart: {SAVE}'
    )
