"""The steps of a view on many images at once: float32 tensors (n, 3, H, W) from 0 to 255.

Each image has its own parameters, in tensors of length n on the same device, so that no step waits
for the device. What comes out is that of `view_ops` before it is rounded to 8 bits. Steps whose
name ends in _ work in place.
"""

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from mmbarlow.datasets.view_ops import CUT, GREY, blur_kernel


def rotate(images: Tensor, angle: Tensor) -> Tensor:
    """By `angle` (n,) degrees counter-clockwise about the centre, bilinear; black comes in."""
    height, width = images.shape[-2:]
    cos, sin = torch.cos(torch.deg2rad(angle)), torch.sin(torch.deg2rad(angle))
    zero = torch.zeros_like(cos)
    rows = cos, -sin * (height / width), zero, sin * (width / height), cos, zero
    theta = torch.stack(rows, -1).view(-1, 2, 3)
    grid = affine_grid(theta, list(images.shape), align_corners=False)
    return grid_sample(images, grid, align_corners=False)


def resizing(length: int, size: int, device: torch.device) -> Tensor:
    """Weights that make `size` pixels of any crop of a side of `length`, in one small table.

    Pillow's bicubic filter, antialiased. Entry [k, shift], a matrix (size, length), is for the crop
    of k % length + 1 pixels that leaves out length - 1 - shift before it, with its pixels in
    reverse if k >= length. Crops of one extent share memory: the matrices are windows on rows that
    have zeros on both sides. Shape (2 * length, length, size, length), float32.
    """
    extent = np.arange(1, length + 1)[:, None, None]
    scale = extent / size
    pixel = np.arange(length) + 0.5
    centre = (np.arange(size)[:, None] + 0.5) * scale
    weights = cubic((pixel - centre) / np.maximum(scale, 1)) * (pixel < extent)
    weights /= weights.sum(-1, keepdims=True)
    width = 2 * length - 1
    rows = np.zeros((2, length, size, width), np.float32)
    rows[0, ..., length - 1 :] = weights
    rows[1] = rows[0, :, ::-1]
    shape = 2 * length, length, size, length
    return torch.from_numpy(rows).to(device).as_strided(shape, (size * width, 1, width, 1))


def cubic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keys' cubic convolution with a = -0.5."""
    x = np.abs(x)
    near, far = (1.5 * x - 2.5) * x**2 + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def separable(images: Tensor, down: Tensor, across: Tensor) -> Tensor:
    """Matrices (n, S, H) applied to the columns of images, and (n, T, W) to their rows."""
    images = down[:, None] @ images
    return torch.bmm(images.flatten(1, 2), across.mT).unflatten(1, images.shape[1:3])


def blend_(images: Tensor, weights: Tensor) -> None:
    """images * w0 + grey * w1 + mean of grey * w2 + w3, between 0 and 255, of weights (n, 4)."""
    pixels = images.flatten(2)
    w = weights[:, :, None]
    grey = torch.matmul(grey_weights(images.device), pixels)
    constant = torch.addcmul(w[:, 3], grey.mean(-1, keepdim=True), w[:, 2])
    other = torch.addcmul(constant, grey, w[:, 1])
    torch.addcmul(other[:, None], pixels, w[:, :1], out=pixels).clamp_(0, 255)


@cache
def grey_weights(device: torch.device) -> Tensor:
    return torch.tensor(GREY, dtype=torch.float32, device=device)


def blend_weights(step: NDArray, factor: NDArray) -> NDArray[np.float64]:
    """For `blend_`, (..., 4): brightness, contrast, saturation (0, 1, 2) by a factor, hue none."""
    weights = np.zeros((*factor.shape, 4))
    weights[..., 0] = np.where(step < 3, factor, 1.0)
    weights[..., 1] = np.where(step == 2, 1 - factor, 0.0)
    weights[..., 2] = np.where(step == 1, 1 - factor, 0.0)
    # What Pillow loses by cutting fractions off, in the mean.
    weights[..., 3] = np.where((step < 3) & (factor != 1), CUT, 0.0)
    return weights


GRAY = 0.0, 1.0, 0.0, 0.0  # weights of a blend that leaves nothing but grey


def hue_(images: Tensor, shift: Tensor) -> None:
    """Along the colour circle by `shift` (n, 1), in sixths of it.

    On the hexagon of HSV, where a pixel has a minimum and a chroma (maximum less minimum), the hue
    is sign(g - b) (1 + (g + b - r - minimum) / chroma), in sixths from red. A channel is the
    minimum and a share of the chroma: all of it within a sixth from the channel's own hue, nothing
    from two sixths on, and in between it falls evenly.
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


def kernels(sigmas: NDArray, taps: int) -> Tensor:
    """Those of Pillow's blurs, each with zeros to both sides, (number of sigmas, taps)."""
    rows = np.zeros((len(sigmas), taps), np.float32)
    for row, sigma in zip(rows, sigmas, strict=True):
        kernel = blur_kernel(sigma)
        rest = (taps - len(kernel)) // 2
        row[rest : taps - rest] = kernel
    return torch.from_numpy(rows)


def placement(taps: int, size: int) -> Tensor:
    """What turns kernels (n, taps) into the matrices of their convolutions, (taps, size, size).

    Its [k, i, j] is 1 where tap k at pixel i meets pixel j; beyond the edge is the pixel there.
    """
    k, i = np.mgrid[:taps, :size]
    place = np.zeros((taps, size, size), np.float32)
    place[k, i, np.clip(i + k - taps // 2, 0, size - 1)] = 1
    return torch.from_numpy(place)


def blur(images: Tensor, kernels: Tensor, place: Tensor) -> Tensor:
    """With kernels (n, taps), in both directions."""
    matrices = torch.tensordot(kernels, place, 1)
    return separable(images, matrices, matrices)


def solarize_(images: Tensor, ceiling: Tensor) -> None:
    """Each value the smaller of itself and `ceiling` (n,) minus it: 255, or more to leave it."""
    torch.minimum(images, ceiling[:, None, None, None] - images, out=images)
