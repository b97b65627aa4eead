"""Reading an image in the channels and the numbers that its file has."""

import numpy as np
from PIL import Image

from mmbarlow.datasets.image_reading import check_numbers, opened, reason_of
from mmbarlow.datasets.size_limit import too_many
from mmbarlow.datasets.values import Values, wrong_channels
from mmbarlow.errors import BrokenImage

GRAY = ('I', 'F')  # how the names of Pillow's modes of more than 8 bits begin


def open_bands(
    data: bytes | np.ndarray | Image.Image, path: str, values: Values | None = None
) -> np.ndarray:
    """An image (H, W, C) of the type that it is stored in: uint8, uint16, int8, int16, uint32,
    int32 or float32; C is 1 for gray and 3 for RGB, into which palettes turn; alpha is dropped.

    Args:
        data: from `image_data`.
        path: for the error message.
        values: what will be made of it, if that is known. The channels are compared, and a DICOM
            file gives the numbers that `values.low` and `high` count in, or the picture of its own
            window where the range is that of the type.

    Raises:
        BrokenImage: as `open_rgb`, or the image has other channels than `values`.
    """
    try:
        image = _read(data)
    except BrokenImage as error:
        raise BrokenImage(path, error.reason) from None
    except Exception as error:  # on damaged bytes, decoders raise anything
        raise BrokenImage(path, reason_of(error)) from None
    if values and image.shape[2] != values.channels and {image.shape[2], values.channels} != {1, 3}:
        raise BrokenImage(path, wrong_channels(image.shape[2], values.channels))
    return image


def _read(data: bytes | np.ndarray | Image.Image) -> np.ndarray:
    if isinstance(data, np.ndarray):
        return data if data.ndim == 3 else data[:, :, None]
    if isinstance(data, Image.Image):
        return _pillow_numbers(data.copy())
    with opened(data) as image:
        return _pillow_numbers(image)


def _pillow_numbers(image: Image.Image) -> np.ndarray:
    if reason := too_many(*image.size, image.format, image.mode):
        raise BrokenImage('', reason)
    check_numbers(image)
    image.load()
    image.info.pop('transparency', None)  # Pillow would warn, and drop it
    if image.mode.startswith(GRAY):
        return np.asarray(image)[:, :, None]
    gray = image.mode in ('1', 'L', 'LA', 'La')
    pixels = np.asarray(image.convert('L' if gray else 'RGB'))
    return pixels[:, :, None] if gray else pixels
