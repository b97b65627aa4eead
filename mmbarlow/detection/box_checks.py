"""Find boxes without area and boxes outside of their image."""

import logging
from collections.abc import Callable, Sequence

import numpy as np
from mmengine.logging import print_log
from numpy.typing import ArrayLike

from mmbarlow.errors import InputError

OVERHANG = 2  # pixels by which a box may exceed its image: annotators round differently


def check_boxes(
    corners: ArrayLike,
    sizes: ArrayLike,
    name: Callable[[int], str],
    source: object,
    tolerated: float = 0.0,
) -> None:
    """Look for boxes without area and for boxes that exceed their image.

    Args:
        corners: x1, y1, x2, y2 of each of N boxes in pixels, (N, 4).
        sizes: width and height of each box's image, (N, 2).
        name: returns the name of a box from its row, for messages.
        source: where the boxes come from, for messages.
        tolerated: share of bad boxes up to which they only cause a warning.

    Raises:
        InputError: a larger share than `tolerated` is bad; the message has the number and examples.
    """
    x1, y1, x2, y2 = np.asarray(corners, float).T
    width, height = np.asarray(sizes, float).T
    # phrased so that NaN fails
    has_area = (x2 > x1) & (y2 > y1)
    inside = (np.minimum(x1, y1) >= -OVERHANG) & (np.maximum(x2 - width, y2 - height) <= OVERHANG)
    faults = {'have no width or no height': ~has_area, 'exceed their image': has_area & ~inside}
    for fault, bad in faults.items():
        rows = np.flatnonzero(bad).tolist()
        if not rows:
            continue
        examples = [
            f'{name(i)}, x {x1[i]:g} to {x2[i]:g}, y {y1[i]:g} to {y2[i]:g} of '
            f'{width[i]:g} x {height[i]:g}'
            for i in rows[:3]
        ]
        what = f'{len(rows)} of {len(bad)} boxes of {source} {fault} ({some(examples, 2)})'
        if len(rows) > tolerated * len(bad):
            raise InputError(f'{what}: correct or remove them.')
        print_log(f'{what}.', 'current', logging.WARNING)


def some(things: Sequence[object], shown: int = 3) -> str:
    """'a; b; c; ...' for the first few of these things."""
    return '; '.join([*map(str, things[:shown]), *(['...'] if len(things) > shown else [])])
