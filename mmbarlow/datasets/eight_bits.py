"""Are images 8-bit gray or RGB, so that nothing needs to be measured of their numbers?"""

from contextlib import suppress

import numpy as np
from mmengine.dataset import BaseDataset
from PIL import UnidentifiedImageError

from mmbarlow.datasets.image_reading import image_data, name_of
from mmbarlow.datasets.pillow_image import opened
from mmbarlow.datasets.stored_image import is_eight_bit, read_bands

LOOKED_AT = 200  # images, at equal distances


def is_all_eight_bit(dataset: BaseDataset) -> bool:
    """Whether all images are, by the headers of up to 200 of them.

    What cannot be read at all does not count: who reads it says what is wrong with it.
    """
    places = np.linspace(0, len(dataset) - 1, min(LOOKED_AT, len(dataset)))
    for place in places.round().astype(int).tolist():
        sample = dataset.get_data_info(place)
        with suppress(Exception):  # decoders raise anything on damaged bytes
            data = image_data(sample)
            try:
                if not isinstance(data, bytes):
                    return False
                with opened(data) as image:
                    if not is_eight_bit(data, name_of(sample), image):
                        return False
            except UnidentifiedImageError:
                read_bands(data, name_of(sample), picture=True)  # or it is no image at all
                return False
    return True
