"""Boxes as what the places of a map say, and back."""

import torch
from torch import Tensor

MIDDLE = 0.5  # of the sides of a box: places in there speak for it
LARGEST = 4.0  # exponent of a side in places; e^4 is wider than any image


def box_targets(boxes: Tensor, labels: Tensor, grid: int, classes: int) -> tuple[Tensor, Tensor]:
    """What each place of a map should say.

    A place is of a box if its center is in the middle half of the box, or if it has the center of
    the box, so that no box is lost for being small; of several boxes the smallest counts, as in
    FCOS (Tian et al., 2019, section 3). All other places are background.

    Args:
        boxes: x1, y1, x2, y2 as parts of the image from 0 to 1, (n, 4).
        labels: (n,), from 0.
        grid: places in a row.

    Returns:
        labels (g g,), `classes` for background; and the `encoded` boxes (g g, 4).
    """
    centers = place_centers(grid)
    found = torch.full((grid * grid,), classes)
    targets = torch.zeros(grid * grid, 4)
    middles, sides = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    for i in sides.prod(1).argsort(descending=True).tolist():
        own = ((centers - middles[i]).abs() <= MIDDLE / 2 * sides[i]).all(1)
        column, row = (middles[i] * grid).long().clamp(0, grid - 1).tolist()
        own[row * grid + column] = True
        found[own] = labels[i]
        targets[own] = encoded(boxes[i], centers[own], grid)
    return found, targets


def place_centers(grid: int) -> Tensor:
    """x and y of the places, row by row, (g g, 2)."""
    at = (torch.arange(grid) + 0.5) / grid
    return torch.stack([at.repeat(grid), at.repeat_interleave(grid)], 1)


def encoded(box: Tensor, centers: Tensor, grid: int) -> Tensor:
    """Where a box (4,) is from each center (n, 2), and the logarithms of its sides; in places."""
    middle, sides = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
    return torch.cat([(middle - centers) * grid, (sides * grid).log().expand(len(centers), 2)], 1)


def decoded(numbers: Tensor, centers: Tensor, grid: int) -> Tensor:
    """The boxes (n, 4), within the image, of what `encoded` gave."""
    middles = centers + numbers[:, :2] / grid
    sides = numbers[:, 2:].clamp(max=LARGEST).exp() / grid
    return torch.cat([middles - sides / 2, middles + sides / 2], 1).clamp(0, 1)
