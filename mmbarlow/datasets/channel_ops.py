"""The steps of a view on images of any depth and number of channels: float32 (H, W, C), 0 to 255.

Those of RGB, which three channels are, are the steps of `view_ops` without rounding to 8 bits. For
other numbers of channels, geometry, blur, brightness and solarization are the same in each channel,
contrast is a blend with the channel's own mean, and `ChannelSteps` has what takes the place of
saturation, hue and gray.
"""

from collections.abc import Iterable

import cv2
import numpy as np

from mmbarlow.datasets import view_ops
from mmbarlow.datasets.view import INTERPOLATIONS, NEUTRAL, Drawn

Planes = np.ndarray  # float32 (H, W, C), from 0 to 255

LUMA = view_ops.LUMA.astype(np.float32)


def clipped(image: Planes) -> Planes:
    """The same array, with values below 0 and above 255 cut off."""
    return np.clip(image, 0, 255, out=image)


def cropped_and_resized(
    image: Planes, box: Iterable[int], size: int, interpolation: str = 'bicubic'
) -> Planes:
    """The crop (left, top, width, height), resized to (size, size) and antialiased."""
    resized = view_ops.crop_and_resize(image, box, size, interpolation)
    return clipped(np.ascontiguousarray(resized))  # bicubic ones overshoot


def flipped(image: Planes) -> Planes:
    return cv2.flip(image, 1).reshape(image.shape)  # OpenCV leaves a single channel out


def brightened(image: Planes, factor: float) -> Planes:
    return clipped(image * np.float32(factor))


def contrasted(image: Planes, factor: float) -> Planes:
    """A blend with the mean of the gray image, or with that of each channel if it is not RGB."""
    mean = image.reshape(-1, image.shape[2]).mean(0, dtype=np.float64)
    mean = mean @ view_ops.LUMA if len(mean) == 3 else mean
    return clipped(image * np.float32(factor) + ((1 - factor) * mean).astype(np.float32))


def saturated(image: Planes, factor: float) -> Planes:
    """A blend of RGB with the gray image."""
    gray = (1 - np.float32(factor)) * (image @ LUMA)
    return clipped(image * np.float32(factor) + gray[..., None])


def hue_shifted(image: Planes, shift: float) -> Planes:
    """Move RGB along the color circle by `shift`, a share of it."""
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)  # the hue in degrees
    hsv[..., 0] = (hsv[..., 0] + np.float32(360 * shift)) % 360
    return clipped(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))


JITTER = brightened, contrasted, saturated, hue_shifted  # as `view.Drawn` counts them


def gains(image: Planes, factors: np.ndarray) -> Planes:
    """Each channel times its own factor (C,)."""
    return clipped(image * factors.astype(np.float32))


def offsets(image: Planes, added: np.ndarray) -> Planes:
    """Each channel plus its own number (C,)."""
    return clipped(image + added.astype(np.float32))


def grayed(image: Planes) -> Planes:
    return np.repeat((image @ LUMA)[..., None], 3, 2)


def blurred(image: Planes, sigma: float) -> Planes:
    """Pillow's GaussianBlur(sigma), see `view_ops.blur_kernel`."""
    kernel = view_ops.blur_kernel(sigma).astype(np.float32)
    blurred = cv2.sepFilter2D(image, -1, kernel, kernel, borderType=cv2.BORDER_REPLICATE)
    return blurred.reshape(image.shape)


def solarized(image: Planes) -> Planes:
    """Each value becomes the smaller of itself and its inverse."""
    return np.minimum(image, 255 - image)


def channel_view(image: Planes, drawn: Drawn, size: int) -> Planes:
    """A view of `size` pixels with the parameters of one view."""
    box, steps = drawn.box, drawn.channels
    if drawn.angle:
        image = view_ops.rotate(image, float(drawn.angle), box)
        box = np.array([0, 0, *box[2:]])
    view = cropped_and_resized(image, box, size, INTERPOLATIONS[drawn.interpolation])
    if drawn.flip:
        view = flipped(view)
    amounts = drawn.jitter.tolist()
    for step in drawn.order.tolist():
        if steps is not None and step >= 2:
            view = gains(view, steps.gain) if step == 2 else offsets(view, steps.offset)
        elif amounts[step] != NEUTRAL[step]:
            view = JITTER[step](view, amounts[step])
    if steps is not None:
        view[..., steps.dropped] = 0
    if drawn.gray:
        view = grayed(view)
    if drawn.sigma:
        view = blurred(view, float(drawn.sigma))
    return solarized(view) if drawn.solarize else view
