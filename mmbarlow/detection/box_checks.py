"""Find boxes that cannot be trained on, by kinds."""

import logging
from collections.abc import Callable, Sequence

import numpy as np
from mmengine.logging import print_log
from numpy.typing import ArrayLike

from mmbarlow.datasets.faults import some
from mmbarlow.errors import printable

OVERHANG = 2  # pixels by which a box may exceed its image: annotators round differently


def box_faults(
    corners: ArrayLike,
    sizes: ArrayLike,
    name: Callable[[int], str],
    source: object,
    tolerated: float = 0.0,
    smallest: float = 0.0,
) -> list[str]:
    """What is wrong with boxes, one sentence without its full stop for each kind of fault.

    Args:
        corners: x1, y1, x2, y2 of each of N boxes in pixels, (N, 4).
        sizes: width and height of each box's image, (N, 2).
        name: returns the name of a box from its row, for messages.
        source: where the boxes come from, for messages.
        tolerated: share of bad boxes up to which they only cause a warning.
        smallest: width and height in pixels below which mmdet drops a box.
    """
    x1, y1, x2, y2 = np.asarray(corners, float).T
    width, height = np.asarray(sizes, float).T

    def example(i: int) -> str:
        return (
            f'{name(i)}, x {x1[i]:g} to {x2[i]:g}, y {y1[i]:g} to {y2[i]:g} of '
            f'{width[i]:g} x {height[i]:g}'
        )

    if len(x1) and min(x1.min(), y1.min()) >= 0 and max(x2.max(), y2.max()) <= 1 < width.max():
        return [
            f'all {len(x1)} boxes of {source} lie between 0 and 1 ({example(0)}), as if they were '
            "shares of the image: multiply them by the image's width and height"
        ]
    # phrased so that NaN fails
    has_area = (x2 > x1) & (y2 > y1)
    seen = (x2 - x1 >= smallest) & (y2 - y1 >= smallest)
    inside = (np.minimum(x1, y1) >= -OVERHANG) & (np.maximum(x2 - width, y2 - height) <= OVERHANG)
    kinds = {
        'have no width or no height': ~has_area,
        f'are less than {smallest:g} pixel wide or high, which mmdet drops': has_area & ~seen,
        'exceed their image': has_area & ~inside,
    }
    faults = []
    for kind, bad in kinds.items():
        rows = np.flatnonzero(bad).tolist()
        if not rows:
            continue
        examples = [example(i) for i in rows[:3]]
        what = f'{len(rows)} of {len(bad)} boxes of {source} {kind} ({some(examples, 2)})'
        if len(rows) <= tolerated * len(bad):
            print_log(printable(f'{what}.'), 'current', logging.WARNING)
        else:
            faults.append(f'{what}: {_cure(kind, (x1, y1, x2, y2), width, height)}')
    return faults


def _cure(kind: str, corners: Sequence[np.ndarray], width: np.ndarray, height: np.ndarray) -> str:
    """What to do; boxes that exceed their image may be x1, y1, x2, y2 and not x, y, w, h."""
    x1, y1, x2, y2 = corners
    right, bottom = x2 - x1, y2 - y1
    fits = (right > x1) & (bottom > y1) & (right <= width + OVERHANG)
    if kind.startswith('exceed') and (fits & (bottom <= height + OVERHANG)).all():
        return (
            'correct or remove them; all boxes would fit as x1, y1, x2, y2, while COCO has x, y, '
            'width, height'
        )
    return 'correct or remove them'
