"""Find boxes without area and boxes outside of their image."""

import logging
from collections.abc import Callable, Sequence

import numpy as np
from mmengine.logging import print_log

from mmbarlow.errors import InputError

MARGIN = 2  # pixels by which a box may exceed its image: annotators round differently


def check_boxes(
    corners_N4: np.ndarray,
    sizes_N2: np.ndarray,
    name: Callable[[int], str],
    source: object,
    tolerated: float = 0.0,
) -> None:
    """Look for boxes without area and for boxes that exceed their image.

    Args:
        corners_N4: x1, y1, x2, y2 in pixels.
        sizes_N2: width and height of each box's image.
        name: returns the name of a box from its row, for messages.
        source: where the boxes come from, for messages.
        tolerated: share of bad boxes up to which they only cause a warning.

    Raises:
        InputError: a larger share than `tolerated` is bad; the message has the number and examples.
    """
    x1, y1, x2, y2 = corners_N4.T
    width, height = sizes_N2.T
    # phrased so that NaN fails
    has_area = (x2 > x1) & (y2 > y1)
    inside = (x1 >= -MARGIN) & (y1 >= -MARGIN) & (x2 <= width + MARGIN) & (y2 <= height + MARGIN)
    for good, fault in (
        (has_area, 'have no width or no height'),
        (inside | ~has_area, 'exceed their image'),
    ):
        rows = np.flatnonzero(~good).tolist()
        if not rows:
            continue
        first = [
            f'{name(i)}, x {x1[i]:g} to {x2[i]:g}, y {y1[i]:g} to {y2[i]:g} of '
            f'{width[i]:g} x {height[i]:g}'
            for i in rows[:2]
        ]
        what = f'{len(rows)} of {len(good)} boxes of {source} {fault} ({some(first, len(rows))})'
        if len(rows) > tolerated * len(good):
            raise InputError(f'{what}: correct or remove them.')
        print_log(f'{what}.', 'current', logging.WARNING)


def some(first: Sequence[object], count: int) -> str:
    """'a; b; ...' for the first few of `count` things."""
    return '; '.join([*map(str, first), *(['...'] if count > len(first) else [])])
