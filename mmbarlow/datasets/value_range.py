"""The range of numbers that becomes 0 to 255: as it is asked for, measured, and written."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from mmbarlow.datasets.number_counts import NumberCounts
from mmbarlow.datasets.number_table import NumberTable, numbers_text
from mmbarlow.datasets.values import Values, values_of
from mmbarlow.errors import InputError

PERCENTILES = (0.1, 99.9)
NARROW = 64  # of 255: what the numbers between these percentiles must span of a range at least


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


def choose_values(
    table: NumberTable, range: Any, channels: int | None
) -> tuple[Values | None, str]:
    """The values of images with such numbers, and where they come from in words.

    Args:
        range, channels: as in `measure_values`.

    Raises:
        InputError: images have different channels, types that no measured range fits, or equal
            numbers alone.
    """
    kinds = table.used()
    found = {numbers.channels for numbers in kinds}
    if found - {1, 3} and len(found) > 1 or (channels and not _fits(found, channels)):
        raise InputError(_mixed(kinds, channels))
    eight_bits = all(numbers.dtype == np.uint8 for numbers in kinds)
    if range is None and channels is None and eight_bits and found <= {1, 3}:
        return None, 'as they are'
    channels = channels or max(found)
    if range is None:
        whole = table.pictures or (eight_bits and _span(kinds, Values(channels)) >= NARROW)
        range = 'dtype' if whole else 'percentiles'
    if range not in ('data', 'percentiles') and range[0] != 'percentiles':
        why = 'the whole range of their type' if range == 'dtype' else 'as given'
        return values_of(channels, range), why
    if len({numbers.dtype for numbers in kinds}) > 1:
        raise InputError(
            f'the images have different numbers ({"; ".join(map(numbers_text, kinds))}), which no '
            "measured range fits: set range to 'dtype' or to numbers, or convert them."
        )
    return _measured(kinds, range, channels)


def _mixed(kinds: list[NumberCounts], channels: int | None) -> str:
    counts = Counter[int]()
    for numbers in kinds:
        counts[numbers.channels] += numbers.images
    (most, _), *_ = ranked = counts.most_common()
    told = ', '.join(f'{n:,} of {c} channel{"s" * (c > 1)}' for c, n in ranked[:4])
    more = ' and others' if len(ranked) > 4 else ''
    if len(ranked) == 1:
        return f'the images are {told}, where channels={channels} is set: set channels={most}.'
    return (
        f'the images have different numbers of channels ({told}{more}), and a network takes one: '
        f'keep images of one number in the folder, and set channels to it, such as channels={most}.'
    )


def _fits(found: set[int], channels: int) -> bool:
    return found == {channels} or (channels in (1, 3) and found <= {1, 3})


def _span(kinds: list[NumberCounts], values: Values) -> float:
    """What the numbers between two percentiles span of 255 once scaled, in the widest channel."""
    spans = []
    for numbers in kinds:
        fitted = values if numbers.channels == values.channels else values.of_channel(0)
        low, high = fitted.ends(numbers.dtype)
        inside = numbers.percentiles(PERCENTILES).T.clip(low, high)
        spans.append(255 * ((inside[1] - inside[0]) / (high - low)).max())
    return float(max(spans))


def check_levels(table: NumberTable, values: Values) -> None:
    """Raises InputError where little of the range is used, as by 12 bits in files of 16."""
    kinds = table.used()
    if (span := _span(kinds, values)) < NARROW:
        better, why = _measured(kinds, 'percentiles', values.channels)
        raise InputError(
            f'range={range_text(values)} leaves the images {span:.0f} of 255 levels: they have '
            f'{"; ".join(map(numbers_text, kinds))}; set range={range_text(better)} ({why}).'
        )


def _measured(kinds: list[NumberCounts], range: Any, channels: int) -> tuple[Values, str]:
    shares = (0, 100) if range == 'data' else PERCENTILES
    if isinstance(range, tuple | list):
        shares = tuple(range[1:])
    ends = np.array([_ends(numbers, shares, channels) for numbers in kinds])
    low, high = ends[:, :, 0].min(0), ends[:, :, 1].max(0)
    whole = kinds[0].dtype.kind != 'f'
    low, high = (np.floor(low), np.ceil(high)) if whole else (low, high)
    if (low >= high).any():
        raise InputError(
            f'the images have {"; ".join(map(numbers_text, kinds))}, and between the percentiles '
            f'{shares[0]:g} and {shares[1]:g} of a channel all are equal: set the range in numbers.'
        )
    why = 'from the least to the greatest number'
    if range != 'data':
        why = f'percentiles {shares[0]:g} and {shares[1]:g}'
    low, high = (tuple(float(f'{x:.6g}') for x in side) for side in (low, high))
    return Values(channels, low, high), why


def _ends(numbers: NumberCounts, shares: Sequence[float], channels: int) -> np.ndarray:
    """The ends of each channel of the values, (channels, 2)."""
    if tuple(shares) == (0, 100):
        ends = np.stack([numbers.low, numbers.high], axis=1)
    else:
        ends = numbers.percentiles(shares)
    return ends if len(ends) == channels else np.repeat(ends[:1], channels, axis=0)


def range_text(values: Values) -> str:
    """The option `range` as a config has it, with one pair where all channels have the same."""
    if isinstance(values.range, str):
        return repr(values.range)
    pairs = [f'({low:.7g}, {high:.7g})' for low, high in values.range]
    return pairs[0] if len(set(pairs)) == 1 else f'[{", ".join(pairs)}]'
