"""The steps of a view on many images at once: float32 tensors (n, 3, H, W) from 0 to 255.

Each image has its own parameters, in tensors of length n on the same device, so that no step waits
for the device. The results are those of `view_ops` before rounding to 8 bits. Steps whose name ends
in _ work in place.
"""

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from mmbarlow.datasets.view import INTERPOLATIONS
from mmbarlow.datasets.view_ops import CUT, LUMA, blur_kernel


def rotate_each(images: Tensor, angle: Tensor) -> Tensor:
    """Turn counterclockwise about the center by `angle` (n,) degrees, filled with black."""
    height, width = images.shape[-2:]
    cos, sin = torch.cos(torch.deg2rad(angle)), torch.sin(torch.deg2rad(angle))
    zero = torch.zeros_like(cos)
    rows = cos, -sin * (height / width), zero, sin * (width / height), cos, zero
    theta = torch.stack(rows, -1).view(-1, 2, 3)
    grid = affine_grid(theta, list(images.shape), align_corners=False)
    return grid_sample(images, grid, align_corners=False)


@cache
def resize_weights(
    length: int, size: int, filters: tuple[int, ...], device: torch.device
) -> Tensor:
    """Weights that resize any crop of a side of `length` to `size` pixels, in one small table.

    They are Pillow's antialiased filters, those of INTERPOLATIONS whose indices are `filters`, one
    after the other. Of the first, entry [k, shift], a matrix (size, length), belongs to the crop of
    k % length + 1 pixels that starts at pixel length - 1 - shift, reversed if k >= length. Crops of
    one extent share memory: the matrices are windows on rows with zeros on both sides. Shape
    (2 * F * length, length, size, length) for F filters, float32.
    """
    extent = np.arange(1, length + 1)[:, None, None]
    scale = extent / size
    pixel = np.arange(length) + 0.5
    center = (np.arange(size)[:, None] + 0.5) * scale
    distance = np.abs(pixel - center) / np.maximum(scale, 1)
    width = 2 * length - 1
    rows = np.zeros((len(filters), 2, length, size, width), np.float32)
    for of_filter, index in zip(rows, filters, strict=True):
        weights = FILTERS[INTERPOLATIONS[index]](distance) * (pixel < extent)
        of_filter[0, ..., length - 1 :] = weights / weights.sum(-1, keepdims=True)
        of_filter[1] = of_filter[0, :, ::-1]
    shape = 2 * len(filters) * length, length, size, length
    return torch.from_numpy(rows).to(device).as_strided(shape, (size * width, 1, width, 1))


def cubic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keys' cubic convolution with a = -0.5, of distances from 0 up."""
    near, far = (1.5 * x - 2.5) * x**2 + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def triangle(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(1 - x, 0)


FILTERS = dict(bicubic=cubic, bilinear=triangle)


def separable(images: Tensor, down: Tensor, across: Tensor) -> Tensor:
    """Apply the matrices `down` (n, S, H) to the columns and `across` (n, T, W) to the rows."""
    images = down[:, None] @ images
    return torch.bmm(images.flatten(1, 2), across.mT).unflatten(1, images.shape[1:3])


def blend_(images: Tensor, weights: Tensor) -> None:
    """images * w0 + gray * w1 + mean(gray) * w2 + w3, clamped to 0 to 255, with weights (n, 4)."""
    pixels = images.flatten(2)
    w = weights[:, :, None]
    gray = torch.matmul(luma(images.device), pixels)
    constant = torch.addcmul(w[:, 3], gray.mean(-1, keepdim=True), w[:, 2])
    other = torch.addcmul(constant, gray, w[:, 1])
    torch.addcmul(other[:, None], pixels, w[:, :1], out=pixels).clamp_(0, 255)


@cache
def luma(device: torch.device) -> Tensor:
    return torch.tensor(LUMA, dtype=torch.float32, device=device)


def blend_weights(step: NDArray, factor: NDArray) -> NDArray[np.float64]:
    """Weights (..., 4) for `blend_`: brightness, contrast, saturation (0, 1, 2) change by a factor.

    The step of the hue (3) is no blend and gets weights that change nothing.
    """
    own = np.where(step < 3, factor, 1.0)
    gray, mean = (np.where(step == blended, 1 - factor, 0.0) for blended in (2, 1))
    # Pillow loses this in the mean by cutting fractions off.
    cut = np.where((step < 3) & (factor != 1), CUT, 0.0)
    return np.stack((own, gray, mean, cut), -1)


ONLY_GRAY = 0.0, 1.0, 0.0, 0.0  # weights for `blend_` that replace the colors by gray


def hue_(images: Tensor, shift: Tensor) -> None:
    """Move along the color circle by `shift` (n, 1), in sixths of it.

    On the hexagon of HSV, where a pixel has a minimum and a chroma (maximum less minimum), the hue
    is sign(g - b) (1 + (g + b - r - minimum) / chroma), in sixths from red. A channel is the
    minimum plus a share of the chroma: 1 within a sixth of the channel's own hue, 0 from two sixths
    on, and linear in between.
    """
    r, g, b = (channel.flatten(1) for channel in images.unbind(1))
    least = torch.minimum(torch.minimum(r, g), b)
    chroma = torch.maximum(torch.maximum(r, g), b).sub_(least).clamp_(min=1e-6)
    base = least.sub_(chroma)
    h = (g + b).sub_(r).sub_(base).div_(chroma).copysign_(g - b).add_(shift)
    h.sub_((h / 6).round_(), alpha=6)  # from -3 to 3
    torch.addcmul(base, chroma, (h + 1).abs_().clamp_(1, 2), out=g)
    torch.addcmul(base, chroma, (h - 1).abs_().clamp_(1, 2), out=b)
    base.add_(chroma, alpha=3)
    torch.addcmul(base, chroma, h.abs_().clamp_(1, 2), value=-1, out=r)


def kernels(sigmas: NDArray) -> Tensor:
    """The kernels of Pillow's blurs, padded with zeros on both sides, (number of sigmas, taps)."""
    rows = [blur_kernel(sigma) for sigma in sigmas]
    taps = max(map(len, rows))
    padded = [np.pad(row, (taps - len(row)) // 2) for row in rows]
    return torch.from_numpy(np.array(padded, np.float32))


def placement(taps: int, size: int) -> Tensor:
    """The tensor (taps, size, size) that turns kernels (n, taps) into matrices of convolutions.

    Entry [k, i, j] is 1 where tap k at pixel i meets pixel j. The pixel at the edge repeats.
    """
    k, i = np.mgrid[:taps, :size]
    place = np.zeros((taps, size, size), np.float32)
    place[k, i, np.clip(i + k - taps // 2, 0, size - 1)] = 1
    return torch.from_numpy(place)


def solarize_(images: Tensor, ceiling: Tensor) -> None:
    """Each value becomes the smaller of itself and `ceiling` (n,) minus it.

    A ceiling of 255 solarizes an image; one of at least 510 leaves it unchanged.
    """
    torch.minimum(images, ceiling[:, None, None, None] - images, out=images)
