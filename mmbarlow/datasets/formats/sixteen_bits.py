"""PNG and PPM files of 16-bit colors, of which Pillow keeps 8 bits."""

import cv2
import numpy as np
from PIL import Image

from mmbarlow.datasets.pillow_image import Refused

COLOR, GRAY_ALPHA, COLOR_ALPHA = 2, 4, 6  # kinds of PNG
WHITE = 65535


def white_of(data: bytes, image: Image.Image) -> int:
    """The number that is white in a file that holds more than Pillow gives; 0 for other files.

    Args:
        image: the same file, opened by Pillow.
    """
    if image.format == 'PNG':
        return WHITE if data[24] == 16 and data[25] in (COLOR, GRAY_ALPHA, COLOR_ALPHA) else 0
    tiles = getattr(image, 'tile', ())
    if data.startswith(b'P6') and tiles and tiles[0][0] == 'ppm':
        return int(tiles[0][3][1])  # of ('RGB', the greatest number)
    return 0


def read_deep(data: bytes, white: int) -> np.ndarray:
    """Its numbers, uint16 (H, W, C) up to 65,535, by OpenCV; alpha is dropped.

    Args:
        white: from `white_of`.

    Raises:
        Refused: it is damaged.
    """
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None or image.dtype != np.uint16:
        raise Refused('damaged or truncated')
    if white != WHITE:
        image = np.rint(image * (WHITE / white)).clip(0, WHITE).astype(np.uint16)
    if data.startswith(b'\x89PNG') and data[25] == GRAY_ALPHA:
        return image[:, :, :1]
    return np.ascontiguousarray(image[:, :, 2::-1])  # from blue, green, red
