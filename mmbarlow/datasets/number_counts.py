"""The numbers of many images, counted channel by channel in bounded memory."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mmbarlow.datasets.values import Values
from mmbarlow.errors import BrokenImage

COUNTED = 64  # the most channels whose numbers of 16 bits are all counted: 512 KiB for each
KEPT = 2**18  # numbers of a channel that are kept of other types, evenly spaced over the images
OF_AN_IMAGE = 4096  # the most that one image adds to them


class NumberCounts:
    """Counts of the numbers of images of one type and of as many channels.

    Of integers of 8 and 16 bits all are counted, and percentiles are exact; of others a sample is.

    Args:
        dtype: of the numbers.
        channels: of each image.
    """

    def __init__(self, dtype: np.dtype, channels: int) -> None:
        self.dtype, self.channels = np.dtype(dtype), channels
        self.images = 0
        self.low = np.full(channels, np.inf)
        self.high = np.full(channels, -np.inf)
        self.counts: NDArray[np.int64] | None = None
        if self.dtype.kind in 'iu' and self.dtype.itemsize <= 2 and channels <= COUNTED:
            self.counts = np.zeros((channels, 2 ** (8 * self.dtype.itemsize)), np.int64)
            self.first = int(np.iinfo(self.dtype).min)  # the number of the first bin
        self.kept: NDArray[np.float64] = np.empty((channels, 0))
        self.step = 1  # as many images share the place of one

    def add(self, image: np.ndarray, path: str) -> None:
        """Count an image (H, W, C); raises BrokenImage for numbers that are not finite."""
        flat = image.reshape(-1, self.channels)
        low, high = flat.min(0).astype(np.float64), flat.max(0).astype(np.float64)
        if not (np.isfinite(low) & np.isfinite(high)).all():
            raise BrokenImage(path, 'NaN or infinite numbers')
        if self.counts is not None:
            for i, counts in enumerate(self.counts):
                counts += np.bincount(
                    flat[:, i].astype(np.int64) - self.first, minlength=len(counts)
                )
        else:
            most = max(1, OF_AN_IMAGE // self.step)
            picked = np.linspace(0, len(flat) - 1, min(most, len(flat))).round().astype(np.int64)
            self._keep(flat[picked].T.astype(np.float64))
        self._widen(low, high, 1)

    def add_counts(self, counts: np.ndarray) -> None:
        """Count an image of 8 bits by its histogram, (C, 256)."""
        assert self.counts is not None
        self.counts += counts
        used = [np.flatnonzero(row) for row in counts]
        ends = np.array([(row[0], row[-1]) for row in used], np.float64).T
        self._widen(ends[0], ends[1], 1)

    def merge(self, other: 'NumberCounts') -> None:
        """Add what another one counted of the same type and channels."""
        if self.counts is not None and other.counts is not None:
            self.counts += other.counts
        elif other.images:
            while self.step < other.step:
                self._halve()
            self._keep(other.kept[:, :: max(1, self.step // other.step)])
        self._widen(other.low, other.high, other.images)

    def _widen(self, low: np.ndarray, high: np.ndarray, images: int) -> None:
        self.low, self.high = np.minimum(self.low, low), np.maximum(self.high, high)
        self.images += images

    def _keep(self, numbers: np.ndarray) -> None:
        self.kept = np.concatenate([self.kept, numbers], axis=1)
        while self.kept.shape[1] > KEPT:
            self._halve()

    def _halve(self) -> None:
        self.kept, self.step = self.kept[:, ::2].copy(), 2 * self.step

    def percentiles(self, shares: Sequence[float]) -> NDArray[np.float64]:
        """Percentiles of each channel, (C, len(shares)), as `np.percentile` has them."""
        if self.counts is None:
            return np.percentile(self.kept, shares, axis=1).T
        return np.array([self._of_counts(row, np.array(shares)) for row in self.counts])

    def _of_counts(self, counts: np.ndarray, shares: np.ndarray) -> NDArray[np.float64]:
        up_to = counts.cumsum()
        place = (up_to[-1] - 1) * shares / 100
        below, above = np.floor(place), np.ceil(place)
        lower, upper = (np.searchsorted(up_to, rank, 'right') for rank in (below, above))
        return self.first + lower + (upper - lower) * (place - below)

    def _levels(self, channel: int, values: Values | None) -> tuple[np.ndarray, np.ndarray]:
        """The numbers that occur in a channel, in 0..255, and how often each does."""
        if self.counts is None:
            numbers = self.kept[channel].astype(self.dtype)
            often = np.ones(len(numbers))
        else:
            bins = np.flatnonzero(self.counts[channel])
            numbers, often = (bins + self.first).astype(self.dtype), self.counts[channel][bins]
        if values is None:
            return numbers.astype(np.float64), often
        one = values.of_channel(min(channel, values.channels - 1))
        return one.scale(numbers[:, None, None]).ravel().astype(np.float64), often

    def mean_and_std(self, values: Values | None) -> tuple[list[float], list[float]]:
        """Mean and standard deviation of each channel in 0..255, once scaled by `values`."""
        means, stds = [], []
        for channel in range(self.channels):
            levels, often = self._levels(channel, values)
            means.append(float(np.average(levels, weights=often)))
            stds.append(float(np.average((levels - means[-1]) ** 2, weights=often) ** 0.5))
        return means, stds

    def outside(self, values: Values) -> float:
        """The share of the numbers beyond the range, of the channel that has the most of them."""
        shares = []
        ends = np.broadcast_to(np.stack(values.ends(self.dtype), 1), (self.channels, 2))
        for channel, (low, high) in enumerate(ends):
            if self.counts is None:
                inside = (self.kept[channel] >= low) & (self.kept[channel] <= high)
                shares.append(1 - inside.mean())
            else:
                numbers = np.arange(self.counts.shape[1]) + self.first
                beyond = (numbers < low) | (numbers > high)
                shares.append(self.counts[channel][beyond].sum() / self.counts[channel].sum())
        return float(max(shares))
