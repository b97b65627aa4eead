"""Reading an image of any depth and number of channels to floats of 0 to 255."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmbarlow.datasets.image_reading import image_data, name_of, read_rgb
from mmbarlow.datasets.stored_image import open_bands
from mmbarlow.datasets.values import Values


def read_stored(results: dict, values: Values) -> np.ndarray:
    """The image of a sample in the numbers of its file, (H, W, C); raises BrokenImage."""
    return open_bands(image_data(results), name_of(results), values)


def read_scaled(results: dict, values: Values) -> NDArray[np.float32]:
    """The same, float32 (H, W, C), 0 to 255; raises BrokenImage."""
    return values.scale(read_stored(results, values), name_of(results))


def values_in_words(values: Values | None) -> str:
    """The images of these values: 'RGB', or '1 channel with 0 to 4095 scaled to 0 to 255'."""
    if values is None:
        return 'RGB'
    s = '' if values.channels == 1 else 's'
    pairs = values.range
    if isinstance(pairs, str):
        ends = 'the whole range of their type'
    else:
        ends = ', '.join(f'{low:g} to {high:g}' for low, high in dict.fromkeys(pairs))
    return f'{values.channels} channel{s} with {ends} scaled to 0 to 255'


def read_picture(results: dict, values: Values | None = None) -> Image.Image:
    """The image of a sample to be looked at, in 8-bit RGB; raises BrokenImage."""
    return read_rgb(results) if values is None else picture(read_scaled(results, values))


def picture(scaled: NDArray[np.float32]) -> Image.Image:
    """8-bit RGB from (H, W, C), 0 to 255: of one or two channels the first one, in gray, and of
    three or more the first three, as red, green and blue."""
    shown = scaled[..., :3] if scaled.shape[2] >= 3 else np.repeat(scaled[..., :1], 3, axis=2)
    return Image.fromarray(np.rint(shown).astype(np.uint8))
