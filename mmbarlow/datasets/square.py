"""Sizes of square images as configs give them."""

from mmbarlow.errors import InputError


def side_of(size: object) -> int:
    """The side in pixels, of a number or of two equal ones.

    Raises:
        InputError: the size is no whole number from 1 up, or not square.
    """
    sides = size if isinstance(size, list | tuple) else [size]
    side = sides[0] if sides else None
    whole = isinstance(side, int) and not isinstance(side, bool) and side > 0
    if not whole or len(sides) > 2 or any(other != side for other in sides):
        raise InputError(f'size={size} of a view: views are square, so give one whole number.')
    return int(side)  # pyright: ignore[reportArgumentType]


def usual_side(shorter: float, most: int = 224) -> int:
    """The side of views of images whose shorter sides have so many pixels by median: the nearest
    multiple of 32, which networks halve five times, from 32 to `most`."""
    return max(32, min(most, round(shorter / 32) * 32))
