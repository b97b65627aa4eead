"""Which channels and range images have, and their mean and deviation once scaled by them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmbarlow.datasets.image_reading import image_data, name_of
from mmbarlow.datasets.numbers import Numbers
from mmbarlow.datasets.stored_image import read_bands
from mmbarlow.datasets.values import Values, values_of
from mmbarlow.errors import BrokenImage, InputError

PERCENTILES = (0.1, 99.9)
LOOKED_AT = 1000  # images, at equal distances
SATURATED = 0.05  # of the pixels that a range may cut off


class NumberTable:
    """The numbers of images of different kinds: one `Numbers` for each type and channels.

    Args:
        picture: read the pictures of DICOM files, see `read_dicom`.
    """

    def __init__(self, picture: bool = True) -> None:
        self.picture = picture
        self.kinds: dict[tuple[str, int], Numbers] = {}

    def of(self, dtype: Any, channels: int) -> Numbers:
        key = np.dtype(dtype).name, channels
        return self.kinds.setdefault(key, Numbers(np.dtype(dtype), channels))

    def add(self, image: np.ndarray, path: str) -> None:
        """Count an image (H, W, C); raises BrokenImage for numbers that are not finite."""
        self.of(image.dtype, image.shape[2]).add(image, path)

    def merge(self, other: 'NumberTable') -> None:
        for numbers in other.kinds.values():
            self.of(numbers.dtype, numbers.channels).merge(numbers)

    def lines(self) -> list[str]:
        """What numbers there are: 'uint16 of 1 channel: 20 images, 0 to 4,095 (12 of 16 bits)'."""
        return [_in_words(numbers) for numbers in self.kinds.values()]


def _in_words(numbers: Numbers) -> str:
    s, n = 's' * (numbers.channels > 1), 's' * (numbers.images > 1)
    low, high = numbers.low.min(), numbers.high.max()
    bits = ''
    if numbers.dtype.kind == 'u':
        bits = f' ({max(1, int(high).bit_length())} of {8 * numbers.dtype.itemsize} bits)'
    return (
        f'{numbers.dtype.name} of {numbers.channels} channel{s}: {numbers.images:,} image{n}, '
        f'{low:,.6g} to {high:,.6g}{bits}'
    )


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
            lines = [f'channels={channels}, range={_range(self.values)}', *lines]
            lines += [f'in_channels={channels}'] if channels != 3 else []
        return lines


def _numbers(numbers: Sequence[float]) -> str:
    return f'[{", ".join(f"{x:.2f}" for x in numbers)}]'


def _range(values: Values) -> str:
    if isinstance(values.range, str):
        return repr(values.range)
    pairs = [f'({low:.7g}, {high:.7g})' for low, high in values.range]
    return pairs[0] if len(set(pairs)) == 1 else f'[{", ".join(pairs)}]'


def measure_values(
    dataset: Any, range: Any = None, channels: int | None = None, number: int = LOOKED_AT
) -> ValueFacts:
    """Look at some images of a data set, and say how to scale them.

    Args:
        dataset: of MMEngine's kind.
        range: 'dtype', 'data', 'percentiles', ('percentiles', low, high) in percent, (low, high)
            or one such pair for each channel. By default 8-bit gray and RGB are taken as they are,
            other 8-bit images and pictures of DICOM files over the range of their type, and all
            others over `PERCENTILES`.
        channels: of the images, where that is not what they have: 3 for gray as RGB.
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
            table.add(read_bands(image_data(sample), path, table.picture), path)
        except BrokenImage as error:
            first = first or error
    if not table.kinds and first:
        raise InputError(f'no image can be read, the first is {first.path} ({first.reason}).')
    return value_facts(table, range, channels)


def is_picture(range: Any) -> bool:
    """Whether a range is that of the type, so that a DICOM file gives its picture."""
    return range in (None, 'dtype')


def range_of(text: str | None) -> Any:
    """The option `--range` of a command: 'dtype', 'data', 'percentiles', 'percentiles,1,99' or
    'LOW,HIGH'.

    Raises:
        InputError: it is none of them.
    """
    if text in (None, 'dtype', 'data', 'percentiles'):
        return text
    name, *rest = text.split(',')
    try:
        ends = [float(x) for x in (rest if name == 'percentiles' else (name, *rest))]
    except ValueError:
        ends = []
    if len(ends) != 2 or not ends[0] < ends[1]:
        raise InputError(
            f'--range {text}: give dtype, data, percentiles, percentiles,1,99 or LOW,HIGH, such as '
            '--range=0,4095.'
        )
    return ('percentiles', *ends) if name == 'percentiles' else (ends[0], ends[1])


def value_facts(table: NumberTable, range: Any = None, channels: int | None = None) -> ValueFacts:
    """What `measure_values` says, of numbers that are counted already.

    Raises:
        InputError: images have different channels, or types that no measured range fits; all
            numbers are equal, or the range cuts off more than `SATURATED` of them.
    """
    kinds = [numbers for numbers in table.kinds.values() if numbers.images]
    values, why = _values(kinds, range, channels)
    saturated = max(_outside(numbers, values) for numbers in kinds)
    if saturated > SATURATED:
        assert values
        raise InputError(
            f'range={_range(values)} cuts off {100 * saturated:.1f} % of the pixels, and '
            f'{100 * SATURATED:.0f} % is the most: the images have {"; ".join(table.lines())}; set '
            'a wider range, or have it measured by --range percentiles.'
        )
    mean, std = _mean_and_std(kinds, values)
    return ValueFacts(values, mean, std, why, saturated)


def _values(kinds: list[Numbers], range: Any, channels: int | None) -> tuple[Values | None, str]:
    found = {numbers.channels for numbers in kinds}
    if found - {1, 3} and len(found) > 1 or (channels and not _fits(found, channels)):
        counts = '; '.join(map(_in_words, kinds))
        raise InputError(
            f'the images have different channels than one network takes ({counts}): set channels '
            'to their number, and train on images of another number by themselves.'
        )
    eight_bits = all(numbers.dtype == np.uint8 for numbers in kinds)
    if range is None and channels is None and eight_bits and found <= {1, 3}:
        return None, 'as they are'
    channels = channels or max(found)
    if range is None:
        range = 'dtype' if eight_bits else 'percentiles'
    if range == 'dtype':
        return Values(channels), 'the whole range of their type'
    if range != 'data' and not (range == 'percentiles' or range[0] == 'percentiles'):
        return values_of(channels, range), 'as given'
    if len({numbers.dtype for numbers in kinds}) > 1:
        raise InputError(
            f'the images have different numbers ({"; ".join(map(_in_words, kinds))}), which no '
            "measured range fits: set range to 'dtype' or to numbers, or convert them."
        )
    return _measured(kinds, range, channels)


def _fits(found: set[int], channels: int) -> bool:
    return found == {channels} or (channels in (1, 3) and found <= {1, 3})


def _measured(kinds: list[Numbers], range: Any, channels: int) -> tuple[Values, str]:
    shares = (0, 100) if range == 'data' else PERCENTILES
    if isinstance(range, tuple | list):
        shares = tuple(range[1:])
    ends = np.array([_ends(numbers, shares, channels) for numbers in kinds])
    low, high = ends[:, :, 0].min(0), ends[:, :, 1].max(0)
    whole = kinds[0].dtype.kind != 'f'
    low, high = (np.floor(low), np.ceil(high)) if whole else (low, high)
    if (low >= high).any():
        raise InputError(
            f'the images have {"; ".join(map(_in_words, kinds))}, and between the percentiles '
            f'{shares[0]:g} and {shares[1]:g} of a channel all are equal: set the range in numbers.'
        )
    why = 'from the least to the greatest number'
    if range != 'data':
        why = f'percentiles {shares[0]:g} and {shares[1]:g}'
    low, high = (tuple(float(f'{x:.6g}') for x in side) for side in (low, high))
    return Values(channels, low, high), why


def _ends(numbers: Numbers, shares: Sequence[float], channels: int) -> np.ndarray:
    """The ends of each channel of the values, (channels, 2)."""
    if tuple(shares) == (0, 100):
        ends = np.stack([numbers.low, numbers.high], axis=1)
    else:
        ends = numbers.percentiles(shares)
    return ends if len(ends) == channels else np.repeat(ends[:1], channels, axis=0)


def _outside(numbers: Numbers, values: Values | None) -> float:
    if values is None or values.low is None:
        return 0.0
    fitted = values if numbers.channels == values.channels else values.of_channel(0)
    return numbers.outside(fitted) if fitted.channels == numbers.channels else 0.0


def _mean_and_std(kinds: list[Numbers], values: Values | None) -> tuple[list[float], list[float]]:
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
