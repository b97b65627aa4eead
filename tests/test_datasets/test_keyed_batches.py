"""Batches from a position on: the right ones, with their keys, and no other image is read."""

from itertools import islice

import pytest
import torch
from mmengine.dataset import DefaultSampler, InfiniteSampler
from torch.utils.data import BatchSampler, DataLoader, Dataset

from mmbarlow.datasets.keyed_batches import use_keyed_batches
from mmbarlow.datasets.sample_random import ViewSampler

IMAGES, BATCH = 23, 4


class Counted(Dataset):
    """Gives indices with the epochs of their keys, and counts what is read, in any worker."""

    def __init__(self) -> None:
        self.reads = torch.zeros(IMAGES, dtype=torch.int64).share_memory_()

    def __len__(self) -> int:
        return IMAGES

    def __getitem__(self, index) -> list[int]:
        self.reads[int(index)] += 1
        return [int(index), index.key.seed, index.key.epoch]


class Pairs(BatchSampler):
    """Of a user: batches of even and of odd indices, as aspect ratios make them."""

    def __iter__(self):
        kept = [[], []]
        for index in self.sampler:
            kept[index % 2].append(index)
            if len(kept[index % 2]) == self.batch_size:
                yield kept[index % 2]
                kept[index % 2] = []


def loader_of(sampler: type, workers: int, stay: bool, drop_last: bool, pairs: bool) -> DataLoader:
    dataset = Counted()
    order = sampler(dataset, seed=5)
    batches = dict(batch_size=BATCH, sampler=order, drop_last=drop_last)
    if pairs:
        batches = dict(batch_sampler=Pairs(order, BATCH, drop_last))
    return DataLoader(dataset, num_workers=workers, persistent_workers=stay, **batches)


def numbers(batches) -> list:
    return [[column.tolist() for column in batch] for batch in batches]


@pytest.mark.parametrize('sampler', [DefaultSampler, ViewSampler, InfiniteSampler])
@pytest.mark.parametrize(
    ('workers', 'stay', 'drop_last', 'pairs'),
    [
        (0, False, False, False),
        (0, False, True, False),
        (2, False, False, False),
        (2, True, True, False),
        (0, False, False, True),
    ],
)
def test_what_is_skipped_is_not_read(sampler, workers, stay, drop_last, pairs):
    def take(skip: int) -> tuple[list, int]:
        loader = loader_of(sampler, workers, stay, drop_last, pairs)
        keyed = use_keyed_batches(loader)
        if sampler is not InfiniteSampler:
            keyed.own.set_epoch(3)
        keyed.skip = skip
        taken = numbers(islice(loader, 5 - skip if sampler is InfiniteSampler else None))
        return taken, int(loader.dataset.reads.sum())

    whole, read = take(0)
    rest, read_of_rest = take(3)
    assert rest == whole[3:]
    images = sum(len(batch[0]) for batch in whole[:3])
    ahead = workers * 2 * BATCH if sampler is InfiniteSampler else 0  # workers read on
    assert read - images - ahead <= read_of_rest <= read - images + ahead
    seeds = {seed for batch in whole for seed in batch[1]}
    epochs = {epoch for batch in whole for epoch in batch[2]}
    assert seeds == {5}
    assert epochs == ({0} if sampler is InfiniteSampler else {3})


def test_a_sampler_without_end_counts_its_passes_as_epochs():
    loader = loader_of(InfiniteSampler, 0, False, False, False)
    use_keyed_batches(loader)
    drawn = [
        pair
        for index, _, epoch in numbers(islice(loader, 18))
        for pair in zip(epoch, index, strict=True)
    ]
    assert len(set(drawn)) == len(drawn) == 18 * BATCH
    assert [epoch for epoch, _ in drawn] == [i // IMAGES for i in range(18 * BATCH)]


def test_the_next_pass_is_whole_again():
    loader = loader_of(ViewSampler, 2, True, False, False)
    keyed = use_keyed_batches(loader)
    keyed.skip = len(loader)
    assert numbers(loader) == []
    assert len(numbers(loader)) == len(loader)
