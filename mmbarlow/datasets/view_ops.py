"""The steps of a view on one image: uint8 RGB arrays (H, W, 3) in, the same out.

Each step does what Pillow does, within the tested rounding, with a faster library: torch resizes as
Pillow with AVX2 does, and OpenCV does the rest.
"""

import functools
from collections.abc import Iterable, Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import interpolate

from mmbarlow.datasets.view import INTERPOLATIONS, NEUTRAL, Drawn

Image = np.ndarray  # uint8 (H, W, 3)

CUT = -0.499  # Pillow's blends cut fractions off where OpenCV rounds
LUMA = np.array([0.299, 0.587, 0.114])  # Pillow's shares of R, G and B in gray (ITU-R 601-2)
# Matrices (3, 4): weights of the three colors, and a constant
UNCHANGED = np.eye(3, 4)
TO_GRAY = np.array([[*LUMA, 0.0]] * 3)
CUT_FRACTIONS = np.array([[0.0, 0.0, 0.0, CUT]] * 3)

TILE = 4096  # pixels; what becomes such a square lies in one of sqrt(2) times its side
PASSES = 3  # number of box blurs in Pillow's GaussianBlur


def rotate(image: Image, angle: float, box: Iterable[int] | None = None) -> Image:
    """Turn counterclockwise about the center by `angle` degrees, bilinear, filled with black.

    Args:
        box: the part that is wanted of the turned image: left, top, width, height. Only what
            becomes this part is turned, tile by tile, since OpenCV takes no side of 2^15 pixels.
    """
    height, width = image.shape[:2]
    left, top, wide, high = (0, 0, width, height) if box is None else map(int, box)
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, 1.0)
    turned = np.empty((high, wide, image.shape[2]), image.dtype)
    for y in range(0, high, TILE):
        for x in range(0, wide, TILE):
            part = turned[y : y + TILE, x : x + TILE]
            tile = _turned(image, matrix, left + x, top + y, part.shape[1], part.shape[0])
            part[:] = tile.reshape(part.shape)  # OpenCV leaves a single channel out
    return turned


def _turned(image: Image, matrix: np.ndarray, left: int, top: int, wide: int, high: int) -> Image:
    """A tile of the image that `matrix` (2, 3) makes of `image`."""
    back = cv2.invertAffineTransform(matrix)
    corners = np.array([(x, y, 1) for x in (left, left + wide) for y in (top, top + high)])
    sources = corners @ back.T
    size = np.array(image.shape[1::-1])
    first = np.clip(np.floor(sources.min(0)).astype(int) - 2, 0, size)
    last = np.clip(np.ceil(sources.max(0)).astype(int) + 2, 0, size)
    if (last <= first).any():
        return np.zeros((high, wide, image.shape[2]), image.dtype)
    source = image[first[1] : last[1], first[0] : last[0]]
    shifted = matrix.copy()
    shifted[:, 2] += matrix[:, :2] @ first - (left, top)
    return cv2.warpAffine(source, shifted, (wide, high))


def crop_and_resize(
    image: Image, box: Iterable[int], size: int, interpolation: str = 'bicubic'
) -> Image:
    """The crop (left, top, width, height), resized to (size, size) and antialiased."""
    left, top, width, height = box
    # Contiguous, so that torch takes its fast path for interleaved channels and returns such; and
    # writable, since torch warns about read-only arrays, which Pillow's are.
    crop = image[top : top + height, left : left + width]
    if not (crop.flags.c_contiguous and crop.flags.writeable):
        crop = crop.copy()
    planes = torch.from_numpy(crop)[None].permute(0, 3, 1, 2)
    resized = interpolate(planes, (size, size), mode=interpolation, antialias=True)
    return resized.numpy()[0].transpose(1, 2, 0)


def flip(image: Image) -> Image:
    return cv2.flip(image, 1)


def brightness(image: Image, factor: float) -> Image:
    return cv2.convertScaleAbs(image, alpha=factor, beta=CUT)


def contrast(image: Image, factor: float) -> Image:
    """A blend with the mean of the gray image, which Pillow rounds."""
    mean: Sequence[float] = cv2.mean(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))  # pyright: ignore[reportAssignmentType]
    constant = (1 - factor) * int(mean[0] + 0.5)
    return cv2.addWeighted(image, factor, image, 0.0, constant + CUT)


def saturation(image: Image, factor: float) -> Image:
    """A blend with the gray image."""
    return cv2.transform(image, factor * UNCHANGED + (1 - factor) * TO_GRAY + CUT_FRACTIONS)


def hue(image: Image, shift: float) -> Image:
    """Move along the color circle by `shift`, a share of it, in 8 bits as torchvision does."""
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV_FULL)
    # Zeros for the other channels of a row: one long addition is faster than many short ones.
    row = np.zeros_like(hsv[0])
    row[:, 0] = int(shift * 255) % 256
    hsv += row
    # IPP converts back in twice the time of OpenCV's own code, whose result is 0.4 of 255 darker.
    # (The switch belongs to the thread; no other thread sees it.)
    before = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(False)
    try:
        return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB_FULL)
    finally:
        cv2.ipp.setUseIPP(before)


JITTER = brightness, contrast, saturation, hue  # as `view.Drawn` counts them


def gray(image: Image) -> Image:
    return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)


def blur(image: Image, sigma: float) -> Image:
    """Pillow's GaussianBlur(sigma): three box blurs, combined into one kernel."""
    kernel = short_kernel(round(sigma, 2))
    return cv2.sepFilter2D(image, -1, kernel, kernel, borderType=cv2.BORDER_REPLICATE)


@functools.lru_cache(maxsize=1000)
def short_kernel(sigma: float) -> NDArray[np.float32]:
    """The kernel without its ends, which are too small to change a value by one."""
    kernel = blur_kernel(sigma)
    spare = np.searchsorted(kernel.cumsum(), 0.001)
    kernel = kernel[spare : len(kernel) - spare]
    return (kernel / kernel.sum()).astype(np.float32)


def blur_kernel(sigma: float) -> NDArray[np.float64]:
    """The kernel of three extended box blurs with the variance of a Gaussian; its length is odd.

    A box covers `whole` pixels on each side and a share of the next one (Gwosdek et al., 2011,
    which Pillow's `BoxBlur.c` follows).
    """
    length = np.sqrt(12 * sigma**2 / PASSES + 1)
    whole = int((length - 1) / 2)
    share = (2 * whole + 1) * (whole * (whole + 1) - 3 * sigma**2 / PASSES)
    share /= 6 * (sigma**2 / PASSES - (whole + 1) ** 2)
    box = np.ones(2 * whole + 3)
    box[[0, -1]] = share
    box /= box.sum()
    return functools.reduce(np.convolve, [box] * PASSES)


def solarize(image: Image) -> Image:
    """Invert values of 128 and more, so that each becomes the smaller of itself and its inverse."""
    return np.minimum(image, ~image)


def apply(image: Image, drawn: Drawn, size: int, factor: int = 1) -> Image:
    """A view of `size` pixels with the parameters of one view.

    Args:
        image: decoded at 1 / `factor` of the resolution in which `drawn.box` is given.
    """
    box = drawn.box // factor
    if drawn.angle:
        image = rotate(image, float(drawn.angle), box)
        box = np.array([0, 0, *box[2:]])
    view = crop_and_resize(image, box, size, INTERPOLATIONS[drawn.interpolation])
    if drawn.flip:
        view = flip(view)
    amounts = drawn.jitter.tolist()
    for step in drawn.order.tolist():
        if amounts[step] != NEUTRAL[step]:
            view = JITTER[step](view, amounts[step])
    if drawn.gray:
        view = gray(view)
    if drawn.sigma:
        view = blur(view, float(drawn.sigma))
    return solarize(view) if drawn.solarize else view
