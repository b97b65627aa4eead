"""JPEG files, decoded at no higher resolution than their views need."""

import numpy as np
import simplejpeg
from numpy.typing import NDArray

# A crop may be decoded smaller as long as it stays this many times larger than its view. The worst
# of 600 views then differs by 1.4 of 255 (docs/views.md); with 1.5 instead of 2.0 it was 3.4.
MARGIN = 2.0


def size_of(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels; None unless libjpeg-turbo can decode the data to RGB."""
    if data[:2] != b'\xff\xd8':
        return None
    try:
        height, width, space, _ = simplejpeg.decode_jpeg_header(data)
    except ValueError:
        return None
    return None if space in ('CMYK', 'YCCK') else (int(width), int(height))


def reduction(boxes: np.ndarray, size: int) -> int:
    """The largest of 1, 2, 4 and 8 by which an image may be reduced.

    Args:
        boxes: crops (..., 4) of the image: left, top, width, height, in pixels.
        size: height and width of the views that the crops become, in pixels.
    """
    spare = boxes[..., 2:].min() / (MARGIN * size)
    return max(k for k in (1, 2, 4, 8) if k == 1 or k <= spare)


def decode(data: bytes, width: int, height: int, factor: int = 1) -> NDArray[np.uint8] | None:
    """Pixels in RGB, (ceil(height / factor), ceil(width / factor), 3); None for a damaged file.

    libjpeg computes smaller images from the low frequencies of each 8 x 8 block.
    """
    least_height, least_width = -(-height // factor), -(-width // factor)
    try:
        return simplejpeg.decode_jpeg(
            data, 'RGB', min_height=least_height, min_width=least_width, min_factor=factor
        )
    except ValueError:  # also raised on mere warnings, where Pillow may still decode the file
        return None
