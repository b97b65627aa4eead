"""Which channels and range images have, and their mean and deviation once scaled by them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmbarlow.datasets.image_reading import image_data, name_of
from mmbarlow.datasets.number_counts import NumberCounts
from mmbarlow.datasets.number_table import NumberTable
from mmbarlow.datasets.value_range import check_levels, choose_values, is_picture, range_text
from mmbarlow.datasets.values import Values
from mmbarlow.errors import BrokenImage, InputError

LOOKED_AT = 1000  # images, at equal distances
SATURATED = 0.05  # of the pixels that a range may cut off


@dataclass(frozen=True)
class ValueFacts:
    """What training on images needs to know of their numbers.

    values: channels and range; None where images are read as 8-bit RGB.
    mean, std: of each channel that the network gets, in 0..255.
    why: where the range comes from, in words.
    saturated: the share of the numbers that the range cuts off, in the channel with the most.
    """

    values: Values | None
    mean: list[float]
    std: list[float]
    why: str
    saturated: float

    def config_lines(self) -> list[str]:
        """Lines for a config; channels and range are options of the views."""
        lines = [f'mean={_numbers(self.mean)}, std={_numbers(self.std)}']
        if self.values:
            channels = self.values.channels
            lines = [f'channels={channels}, range={range_text(self.values)}', *lines]
            lines += [f'in_channels={channels}'] if channels != 3 else []
        return lines


def _numbers(numbers: Sequence[float]) -> str:
    return f'[{", ".join(f"{x:.2f}" for x in numbers)}]'


def measure_values(
    dataset: Any,
    range: Any = None,
    channels: int | None = None,
    max_saturated: float = SATURATED,
    number: int = LOOKED_AT,
) -> ValueFacts:
    """Look at some images of a data set, and say how to scale them.

    Args:
        dataset: of MMEngine's kind.
        range: 'dtype', 'data', 'percentiles', ('percentiles', low, high) in percent, (low, high)
            or one such pair for each channel. By default 8-bit gray and RGB are taken as they are,
            other 8-bit images and pictures of DICOM files over the range of their type, and all
            others over the percentiles 0.1 to 99.9.
        channels: of the images, where that is not what they have: 3 for gray as RGB.
        max_saturated: the largest share of the pixels that the range may cut off.
        number: of images to look at, at equal distances.

    Raises:
        InputError: as `value_facts`, or no image can be read.
    """
    table = NumberTable(picture=is_picture(range))
    places = np.linspace(0, len(dataset) - 1, min(number, len(dataset)))
    first: BrokenImage | None = None
    for place in places.round().astype(int).tolist():
        sample = dataset.get_data_info(place)
        try:
            path = name_of(sample)
            table.add(image_data(sample), path)
        except BrokenImage as error:
            first = first or error
    if not table.used() and first:
        raise InputError(f'no image can be read, the first is {first.path} ({first.reason}).')
    return value_facts(table, range, channels, max_saturated)


def value_facts(
    table: NumberTable,
    range: Any = None,
    channels: int | None = None,
    max_saturated: float = SATURATED,
) -> ValueFacts:
    """What `measure_values` says, of numbers that are counted already.

    Raises:
        InputError: as `choose_values`, or the range cuts off more than `max_saturated` of the
            pixels, or leaves them few levels.
    """
    values, why = choose_values(table, range, channels)
    saturated = 0.0
    if values:
        check_levels(table, values)
        saturated = check_saturation(table, values, max_saturated)
    mean, std = _mean_and_std(table.used(), values)
    return ValueFacts(values, mean, std, why, saturated)


def check_saturation(table: NumberTable, values: Values, max_saturated: float) -> float:
    """The share of the numbers that a range cuts off; raises InputError if it is larger."""
    saturated = max(_outside(numbers, values) for numbers in table.used())
    if saturated > max_saturated:
        raise InputError(
            f'range={range_text(values)} cuts off {100 * saturated:.1f} % of the pixels, and '
            f'{100 * max_saturated:.0f} % is the most: the images have {"; ".join(table.lines())}; '
            'set a wider range, such as `mmbarlow verify --range percentiles` measures, or train '
            'with default_hooks.pixels.max_saturated=1.'
        )
    return saturated


def _outside(numbers: NumberCounts, values: Values) -> float:
    if values.low is None:
        return 0.0
    return numbers.outside(values if numbers.channels == values.channels else values.of_channel(0))


def _mean_and_std(
    kinds: list[NumberCounts], values: Values | None
) -> tuple[list[float], list[float]]:
    """Over all kinds of images, each with the weight of its images."""
    channels = values.channels if values else 3
    means, squares = [], []
    for numbers in kinds:
        own = values if values is None or numbers.channels == channels else values.of_channel(0)
        mean, std = (np.resize(x, channels) for x in numbers.mean_and_std(own))
        means.append(mean)
        squares.append(std**2 + mean**2)
    weights = [numbers.images for numbers in kinds]
    mean = np.average(means, axis=0, weights=weights)
    std = np.sqrt(np.maximum(np.average(squares, axis=0, weights=weights) - mean**2, 0))
    return mean.tolist(), std.tolist()
