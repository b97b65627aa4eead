"""Random numbers that belong to a sample, not to the process that makes its views."""

import random
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from mmengine.dataset import DefaultSampler

from mmbarlow.datasets.shared_batches import own_images
from mmbarlow.registry import DATA_SAMPLERS

GAMMA = np.uint64(0x9E3779B97F4A7C15)  # the published increment of SplitMix64
# Odd numbers for seed, epoch, index and view, from numpy's default_rng(0).
MULTIPLIERS = np.array(
    [0xA30FEBCFD9C2825F, 0x4510BDF882D9D721, 0xA7D3DA94ECDE8B9, 0x43B27B61342F01D], np.uint64
)


class Key(NamedTuple):
    """Determines the random numbers of a sample: equal keys give equal views."""

    seed: int
    epoch: int
    index: int


class SampleIndex(int):
    """An index into a data set that carries its key to the transform, through any worker.

    MMEngine's data sets put the index that they are asked for into the sample, as `sample_idx`.
    Data sets that consist of others subtract an offset first, which keeps the key.
    """

    key: Key

    def __new__(cls, index: int, key: Key) -> 'SampleIndex':
        self = super().__new__(cls, index)
        self.key = key
        return self

    def __sub__(self, other: int) -> 'SampleIndex':
        return SampleIndex(int(self) - int(other), self.key)

    def __mod__(self, other: int) -> 'SampleIndex':
        return SampleIndex(int(self) % int(other), self.key)

    def __reduce__(self):
        return SampleIndex, (int(self), self.key)


@DATA_SAMPLERS.register_module()
class ViewSampler(DefaultSampler):
    """MMEngine's DefaultSampler with indices that carry the run's seed and the epoch.

    With it the views of an image depend on (seed, epoch, index) alone (docs/views.md). In training,
    `mmbarlow.datasets.keyed_batches` gives the indices of MMEngine's own samplers such keys, too.

    Args:
        images: of an epoch, where that shall be shorter than a pass through all of them: so many,
            drawn anew for each epoch. For schedules that cannot wait for a whole pass.
    """

    def __init__(self, *args, images: int | None = None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if images is not None and images < len(self.dataset):
            self.num_samples = images // self.world_size
            self.total_size = self.num_samples * self.world_size

    def __iter__(self) -> Iterator[int]:
        for index in own_images(self):
            yield SampleIndex(index, Key(self.seed or 0, self.epoch, index))


def key_of(results: dict) -> Key:
    """The key of a sample; one from NumPy's generator if its index has none."""
    index = results.get('sample_idx')
    if isinstance(index, SampleIndex):
        return index.key
    return Key(int(np.random.randint(2**31)), 0, 0)


def uniforms(keys: np.ndarray, views: int, count: int) -> np.ndarray:
    """Numbers from U[0, 1) for samples with the keys (n, 3), shape (views, n, count), float64.

    The generator is SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). It computes its k-th number
    without the ones before, so that a whole batch takes a few array operations. Seed, epoch, index
    and view determine the initial state. Each has its own multiplier, so that small changes of one
    do not add up to small changes of another or to steps of the generator, and the output function
    scatters states that are close together.
    """
    state = np.asarray(keys, np.uint64) @ MULTIPLIERS[:3]
    state = state + MULTIPLIERS[3] * np.arange(views, dtype=np.uint64)[:, None]
    return (splitmix64(state, count) >> np.uint64(11)) * 2.0**-53


def splitmix64(state: np.ndarray, count: int) -> np.ndarray:
    """The first `count` outputs of generators in the states (...), uint64, shape (..., count)."""
    z = state[..., None] + GAMMA * np.arange(1, count + 1, dtype=np.uint64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def seed_generators(key: Key) -> None:
    """Put the generators of Python, NumPy and torch on the CPU into states that `key` determines.

    The numbers are those of a view with a number that no view has.
    """
    state = np.asarray([key], np.uint64) @ MULTIPLIERS[:3] + MULTIPLIERS[3:] * np.uint64(2**63)
    of_python, of_numpy, of_torch = (int(n) for n in splitmix64(state, 3)[0])
    random.seed(of_python)
    np.random.seed([of_numpy % 2**32, of_numpy >> 32])
    torch.default_generator.manual_seed(of_torch)  # torch.manual_seed would also seed the GPUs
