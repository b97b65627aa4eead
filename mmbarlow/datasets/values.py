"""What the numbers of an image mean: which of them is black, and which is white."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmbarlow.errors import BrokenImage, InputError

WHITE = 255.0  # of scaled images, and so the unit of mean, std and thresholds
MEASURED = ('data', 'percentiles')


@dataclass(frozen=True)
class Values:
    """How images of any numbers become float images of 0 (black) to 255 (white).

    Args:
        channels: of an image. Gray images count as RGB of three equal channels, and the reverse;
            another number than that of the file is refused.
        low, high: the numbers that become 0 and 255, one for each channel; None for the whole range
            of the type that an image is stored in, 0 to 1 for floats.
    """

    channels: int
    low: tuple[float, ...] | None = None
    high: tuple[float, ...] | None = None

    @property
    def range(self) -> str | list[tuple[float, float]]:
        """The option `range` that gives these values."""
        if self.low is None or self.high is None:
            return 'dtype'
        return list(zip(self.low, self.high, strict=True))

    def scale(self, image: np.ndarray, path: str = 'an image') -> NDArray[np.float32]:
        """255 (x - low) / (high - low), clipped to 0..255, in float32 (H, W, channels).

        Args:
            image: (H, W, C) from `open_bands`, or a part of it.
            path: for the error message.

        Raises:
            BrokenImage: another number of channels, or numbers that are not finite.
        """
        image = fit_channels(image, self.channels, path)
        if image.dtype.kind == 'f' and not np.isfinite(image).all():
            raise BrokenImage(path, 'NaN or infinite numbers')
        low, high = self.ends(image.dtype)
        exact = np.float64 if image.dtype.itemsize > 2 else np.float32  # for 16 bits and less
        scaled = image.astype(exact)
        if low.any():
            scaled -= low.astype(exact)
        if (high - low != WHITE).any():
            scaled *= (WHITE / (high - low)).astype(exact)
        np.clip(scaled, 0, WHITE, out=scaled)
        return scaled.astype(np.float32, copy=False)

    def ends(self, dtype: np.dtype) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The numbers of a type that become 0 and 255, one for each channel."""
        if self.low is None or self.high is None:
            low, high = whole_range(dtype)
            return np.full(self.channels, low), np.full(self.channels, high)
        return np.array(self.low, np.float64), np.array(self.high, np.float64)

    def of_channel(self, channel: int) -> 'Values':
        """The values of one channel alone."""
        if self.low is None or self.high is None:
            return Values(1)
        return Values(1, self.low[channel : channel + 1], self.high[channel : channel + 1])


def values_of(channels: int | None = None, range: Any = None) -> Values | None:
    """The values that two options of a transform ask for; None for neither: 8-bit RGB.

    Args:
        channels: 1 or more; by default as many as `range` has pairs, and 3 for a single one.
        range: 'dtype', (low, high), or one such pair for each channel; 'dtype' by default.

    Raises:
        InputError: one of them is no such thing, or they do not fit together.
    """
    if channels is None and range is None:
        return None
    if channels is not None and (
        not isinstance(channels, int) or isinstance(channels, bool) or channels < 1
    ):
        raise InputError(f'channels={channels!r}: give a whole number from 1 up.')
    if range in (None, 'dtype'):
        return Values(channels or 3)
    if isinstance(range, str):
        raise InputError(_not_in_a_config(range))
    pairs = _pairs(range)
    if pairs is None:
        raise InputError(
            f"range={range!r}: give 'dtype', two finite numbers (low, high) of which the second is "
            'larger, or a list of one such pair for each channel.'
        )
    channels = channels or (len(pairs) if len(pairs) > 1 else 3)
    if len(pairs) not in (1, channels):
        raise InputError(
            f'range has {len(pairs)} pairs and channels={channels}: give one pair for each '
            'channel, or one for all.'
        )
    low, high = zip(*(pairs * channels if len(pairs) == 1 else pairs), strict=True)
    return Values(channels, low, high)


def _not_in_a_config(range: str) -> str:
    if range in MEASURED:
        return (
            f'range={range!r} is measured once for all images, so a config has its numbers: '
            f'`mmbarlow verify FOLDER --range {range}` prints the lines to paste.'
        )
    return f"range={range!r} is unknown: give 'dtype', or the numbers (low, high)."


def _pairs(range: Any) -> list[tuple[float, float]] | None:
    try:
        ends = np.array(range, np.float64)
    except (TypeError, ValueError):
        return None
    ends = ends[None] if ends.ndim == 1 else ends
    good = ends.ndim == 2 and ends.shape[1] == 2 and len(ends) and np.isfinite(ends).all()
    if not good or (ends[:, 0] >= ends[:, 1]).any():
        return None
    return [(float(low), float(high)) for low, high in ends]


def whole_range(dtype: np.dtype) -> tuple[float, float]:
    """The least and the greatest number of a type of integers; 0 and 1 for floats."""
    if np.dtype(dtype).kind == 'f':
        return 0.0, 1.0
    info = np.iinfo(dtype)
    return float(info.min), float(info.max)


def fit_channels(image: np.ndarray, channels: int, path: str) -> np.ndarray:
    """An image (H, W, C) with as many channels as are asked for: gray three times for RGB, and one
    of three equal channels for gray; raises BrokenImage for any other difference."""
    found = image.shape[2]
    if found == channels:
        return image
    if (found, channels) == (1, 3):
        return np.repeat(image, 3, axis=2)
    if (found, channels) == (3, 1) and (image == image[:, :, :1]).all():
        return image[:, :, :1]
    raise BrokenImage(path, wrong_channels(found, channels))


def wrong_channels(found: int, channels: int) -> str:
    """The reason why an image is refused that has other channels than `channels=` says."""
    s = '' if found == 1 else 's'
    return f'{found} channel{s}, where channels={channels} is set'
