"""Boxes that are none, and a sentence on what was found."""

import logging
from collections.abc import Callable, Sequence

import numpy as np
from mmengine.logging import print_log

from mmbarlow.errors import InputError

MARGIN = 2  # pixels by which a box may reach out of its image: annotators round in their own ways


def check_boxes(
    corners_N4: np.ndarray,
    sizes_N2: np.ndarray,
    name: Callable[[int], str],
    source: object,
    tolerated: float = 0.0,
) -> None:
    """Look for boxes without area, and for boxes outside of their image.

    Args:
        corners_N4: x1, y1, x2, y2 in pixels.
        sizes_N2: width and height of each box's image.
        name: of a box by its row, for messages.
        source: of the boxes, for messages.
        tolerated: the share up to which such boxes are logged as a warning only.

    Raises:
        InputError: there are more than `tolerated`; the message has the number and the first.
    """
    x1, y1, x2, y2 = corners_N4.T
    width, height = sizes_N2.T
    # put so that NaN fails
    has_area = (x2 > x1) & (y2 > y1)
    inside = (x1 >= -MARGIN) & (y1 >= -MARGIN) & (x2 <= width + MARGIN) & (y2 <= height + MARGIN)
    for good, fault in (
        (has_area, 'have no width or no height'),
        (inside | ~has_area, 'reach out of their image'),
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
            raise InputError(f'{what}: correct them, or take them out.')
        print_log(f'{what}.', 'current', logging.WARNING)


def some(first: Sequence[object], count: int) -> str:
    """'a; b; ...' for the first of `count` things."""
    return '; '.join([*map(str, first), *(['...'] if count > len(first) else [])])
