"""The numbers of images of different kinds."""

from typing import Any

import numpy as np

from mmbarlow.datasets.formats.dicom import is_dicom
from mmbarlow.datasets.number_counts import NumberCounts
from mmbarlow.datasets.stored_image import read_bands


class NumberTable:
    """The numbers of images of different kinds: one `NumberCounts` for each type and channels.

    Args:
        picture: read the pictures of DICOM files, see `read_dicom`.
    """

    def __init__(self, picture: bool = True) -> None:
        self.picture = picture
        self.pictures = 0  # of DICOM files, among the images
        self.kinds: dict[tuple[str, int], NumberCounts] = {}

    def of(self, dtype: Any, channels: int) -> NumberCounts:
        key = np.dtype(dtype).name, channels
        return self.kinds.setdefault(key, NumberCounts(np.dtype(dtype), channels))

    def used(self) -> list[NumberCounts]:
        """Those that have images."""
        return [numbers for numbers in self.kinds.values() if numbers.images]

    def add(self, data: Any, path: str) -> np.ndarray:
        """Read an image and count it; returns it as `read_bands`.

        Args:
            data, path: from `image_data` and `name_of`.

        Raises:
            BrokenImage: as `read_bands`, or its numbers are not finite.
        """
        image = read_bands(data, path, self.picture)
        self.of(image.dtype, image.shape[2]).add(image, path)
        if self.picture and isinstance(data, bytes) and image.dtype == np.uint16:
            self.pictures += is_dicom(data, path)
        return image

    def merge(self, other: 'NumberTable') -> None:
        """Add what another one counted."""
        self.pictures += other.pictures
        for numbers in other.kinds.values():
            self.of(numbers.dtype, numbers.channels).merge(numbers)

    def lines(self) -> list[str]:
        """What numbers there are: 'uint16 of 1 channel: 20 images, 0 to 4,095 (12 of 16 bits)'."""
        lines = [numbers_text(numbers) for numbers in self.used()]
        if self.pictures:
            lines.append(f'{self.pictures:,} DICOM files count as their windows show them')
        return lines


def numbers_text(numbers: NumberCounts) -> str:
    """Type, channels and range of the numbers, and of how many images they are."""
    s, n = 's' * (numbers.channels > 1), 's' * (numbers.images > 1)
    low, high = numbers.low.min(), numbers.high.max()
    bits = ''
    if numbers.dtype.kind == 'u':
        bits = f' ({max(1, int(high).bit_length())} of {8 * numbers.dtype.itemsize} bits)'
    return (
        f'{numbers.dtype.name} of {numbers.channels} channel{s}: {numbers.images:,} image{n}, '
        f'{low:,.6g} to {high:,.6g}{bits}'
    )
