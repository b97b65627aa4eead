"""The steps of a view on images of any depth and number of channels: float32 (H, W, C), 0 to 255.

Those of RGB, which three channels are, are the steps of `view_ops` without rounding to 8 bits. For
other numbers of channels, geometry, blur, brightness and solarization are the same in each channel,
contrast is a blend with the channel's own mean, and `channel_steps` has what takes the place of
saturation, hue and gray.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from mmbarlow.datasets import view_ops
from mmbarlow.datasets.channel_steps import ChannelSteps
from mmbarlow.datasets.values import Values
from mmbarlow.datasets.view import INTERPOLATIONS, NEUTRAL, Drawn

Planes = NDArray[np.float32]  # (H, W, C), from 0 to 255

LUMA = view_ops.LUMA.astype(np.float32)


def clipped(image: Planes) -> Planes:
    """The same array, with values below 0 and above 255 cut off."""
    return np.clip(image, 0, 255, out=image)


def resized(image: np.ndarray, size: int, interpolation: str, values: Values) -> Planes:
    """An image of its stored type, scaled by `values` and resized to (size, size), antialiased."""
    scaled, box = values.scale(image), (0, 0, *image.shape[1::-1])
    return clipped(np.ascontiguousarray(view_ops.crop_and_resize(scaled, box, size, interpolation)))


def brightness(image: Planes, factor: float) -> Planes:
    return clipped(image * np.float32(factor))


def contrast(image: Planes, factor: float) -> Planes:
    """A blend with the mean of the gray image, or with that of each channel if it is not RGB."""
    mean = image.reshape(-1, image.shape[2]).mean(0, dtype=np.float64)
    mean = mean @ view_ops.LUMA if len(mean) == 3 else mean
    return clipped(image * np.float32(factor) + ((1 - factor) * mean).astype(np.float32))


def saturation(image: Planes, factor: float) -> Planes:
    """A blend of RGB with the gray image."""
    gray = (1 - np.float32(factor)) * (image @ LUMA)
    return clipped(image * np.float32(factor) + gray[..., None])


def hue(image: Planes, shift: float) -> Planes:
    """Move RGB along the color circle by `shift`, a share of it."""
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)  # the hue in degrees
    hsv[..., 0] = (hsv[..., 0] + np.float32(360 * shift)) % 360
    return clipped(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))


JITTER = brightness, contrast, saturation, hue  # as `view.Drawn` counts them


def gray(image: Planes) -> Planes:
    return np.repeat((image @ LUMA)[..., None], 3, 2)


def blur(image: Planes, sigma: float) -> Planes:
    """Pillow's GaussianBlur(sigma), see `view_ops.blur_kernel`."""
    kernel = view_ops.blur_kernel(sigma).astype(np.float32)
    blurred = cv2.sepFilter2D(image, -1, kernel, kernel, borderType=cv2.BORDER_REPLICATE)
    return blurred.reshape(image.shape)  # OpenCV leaves a single channel out of the shape


def solarize(image: Planes) -> Planes:
    """Each value becomes the smaller of itself and its inverse."""
    return np.minimum(image, 255 - image)


def apply(
    image: np.ndarray, drawn: Drawn, steps: ChannelSteps | None, size: int, values: Values
) -> Planes:
    """A view of `size` pixels with the parameters of one view.

    Args:
        image: of its stored type, (H, W, C).
        steps: of an image that is not RGB.
        values: what its numbers mean.
    """
    left, top, width, height = drawn.box
    if drawn.angle:
        # What is outside of the image becomes black, the 0 of the scale.
        part = view_ops.rotate(values.scale(image), float(drawn.angle), drawn.box)
        values = Values.unchanged(values.channels)
    else:
        part = image[top : top + height, left : left + width]
    view = resized(part, size, INTERPOLATIONS[drawn.interpolation], values)
    if drawn.flip:
        view = cv2.flip(view, 1).reshape(view.shape)
    amounts = drawn.jitter.tolist()
    for step in drawn.order.tolist():
        if steps is not None and step >= 2:
            view = clipped(view * steps.gain if step == 2 else view + steps.offset)
        elif amounts[step] != NEUTRAL[step]:
            view = JITTER[step](view, amounts[step])
    if steps is not None:
        view[..., steps.dropped] = 0
    elif drawn.gray:
        view = gray(view)
    if drawn.sigma:
        view = blur(view, float(drawn.sigma))
    return solarize(view) if drawn.solarize else view
