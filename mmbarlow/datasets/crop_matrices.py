"""Crops of many sizes in one tensor, and the matrices that resize each of them, on any device."""

import math

import torch
from torch import Tensor

from mmbarlow.datasets.view import INTERPOLATIONS

REACH = 2  # pixels, the half of the widest filter, of INTERPOLATIONS' bicubic


def gather_crops(pixels: Tensor, places: Tensor, height: int, width: int) -> Tensor:
    """Crops (k, 3, height, width), uint8, out of the pixels of all images in one row.

    A smaller crop has its own pixels at the top left, and pixels of no meaning elsewhere. `places`
    (5, k) are the first five of `Crops`.
    """
    start, row, plane, own, _ = places[..., None, None]
    channel = torch.arange(3, device=pixels.device)[:, None]
    line = torch.arange(height, device=pixels.device)
    starts = start + plane * channel + row * torch.minimum(line, own - 1)
    lines = pixels.as_strided((len(pixels) - width + 1, width), (1, 1))
    return lines[starts.flatten()].view(*starts.shape, width)


def crop_matrices(crops: Tensor, size: int, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Matrices (k, size, height) and (k, size, width) for `separable` that resize crops to `size`.

    They are Pillow's antialiased filters: a crop that gets smaller is averaged with a filter that
    is as much wider. Flipped crops have the rows of the second matrix in reverse. `crops` (4, k)
    are height, width, flip and interpolation.
    """
    flip, kind = crops[2:]
    across = _matrices(crops[1], size, width, kind, flip)
    return _matrices(crops[0], size, height, kind, torch.zeros_like(flip)), across


def _matrices(extent: Tensor, size: int, length: int, kind: Tensor, flip: Tensor) -> Tensor:
    extent, kind, flip = (x[:, None, None] for x in (extent, kind, flip))
    scale = extent / size
    wide = scale.clamp(min=1)
    pixel = torch.arange(size, device=extent.device)[:, None]
    center = (torch.where(flip > 0, size - 1 - pixel, pixel) + 0.5) * scale
    taps = math.ceil(2 * REACH * max(length / size, 1)) + 1  # that a filter of this chunk meets
    tap = torch.floor(center - REACH * wide) + torch.arange(taps, device=extent.device)
    x = (tap + 0.5 - center).abs() / wide
    near, far = (1.5 * x - 2.5) * x**2 + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
    cubic = torch.where(x < 1, near, torch.where(x < REACH, far, 0.0))
    bilinear = kind == INTERPOLATIONS.index('bilinear')
    weights = torch.where(bilinear, (1 - x).clamp(min=0), cubic)
    inside = (tap >= 0) & (tap < extent)
    weights = torch.where(inside, weights, 0.0)
    weights = weights / weights.sum(-1, keepdim=True)
    # What lies outside of the crop goes to one more column, which is then left out.
    column = torch.where(inside, tap.long(), length)
    matrices = weights.new_zeros(len(extent), size, length + 1)
    return matrices.scatter_(2, column, weights)[..., :length]
