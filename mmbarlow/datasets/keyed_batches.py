"""Batches of indices from a position on, each index with the key of its random numbers."""

from collections.abc import Iterator
from typing import Any

from mmengine.dataset import InfiniteSampler
from torch.utils.data import DataLoader

from mmbarlow.datasets.sample_random import Key, SampleIndex


class KeyedBatches:
    """A loader's own batches of indices, but for the first `skip` of the next pass.

    What is skipped here is never loaded, whatever the sampler, the batches and the number of
    workers are. Indices of MMEngine's samplers get the key that `mmbarlow.ViewSampler` gives; where
    a sampler never ends, the passes through its data count as epochs.

    Args:
        batches: the loader's batch sampler. Its attributes are those of this object.
        sampler: what the batches are taken from.
    """

    def __init__(self, batches: Any, sampler: Any) -> None:
        self.batches = batches
        self.own = sampler
        self.skip = 0
        self.drawn = 0  # indices, of a sampler that never ends

    def __getattr__(self, name: str) -> Any:
        return getattr(self.batches, name)

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[list[int]]:
        for batch in self.batches:
            keyed = [self._keyed(index) for index in batch]
            if self.skip:
                self.skip -= 1
            else:
                yield keyed

    def _keyed(self, index: Any) -> Any:
        sampler = self.own
        if not isinstance(index, int) or isinstance(index, SampleIndex):
            return index
        if isinstance(sampler, InfiniteSampler):
            epoch = (self.drawn * sampler.world_size + sampler.rank) // sampler.size
            self.drawn += 1
        elif hasattr(sampler, 'seed') and hasattr(sampler, 'epoch'):
            epoch = sampler.epoch
        else:
            return index
        return SampleIndex(index, Key(sampler.seed or 0, epoch, index))


def use_keyed_batches(loader: DataLoader) -> KeyedBatches | None:
    """Put `KeyedBatches` into a loader that forms batches, before it is first used."""
    batches = loader.batch_sampler
    if batches is None:
        return None
    # With a batch sampler of its own, a loader has a sampler that nothing uses.
    keyed = KeyedBatches(batches, getattr(batches, 'sampler', loader.sampler))
    object.__setattr__(loader, 'batch_sampler', keyed)  # torch's own refuses
    return keyed
