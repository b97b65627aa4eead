"""Random numbers that belong to a sample."""

import pickle

import numpy as np
import pytest
from mmengine.dataset import BaseDataset, ConcatDataset
from scipy.stats import kstest
from torch.utils.data import DataLoader

from mmbarlow.datasets.sample_random import (
    Key,
    SampleIndex,
    ViewSampler,
    key_of,
    splitmix64,
    uniforms,
)
from mmbarlow.registry import TRANSFORMS


class KeepKey:
    """A pipeline of one step: the key that the sample came with."""

    def __call__(self, results: dict) -> Key:
        return results['sample_idx'].key


class Numbers(BaseDataset):
    def load_data_list(self) -> list[dict]:
        return [dict(number=i) for i in range(10)]


def numbers() -> Numbers:
    dataset = Numbers()
    dataset.pipeline = KeepKey()
    return dataset


def test_the_generator_is_splitmix64():
    """Against the numbers of its authors' code for the seed 1234567."""
    first = splitmix64(np.array([1234567], np.uint64), 3)[0]
    assert first.tolist() == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_neighboring_keys_have_numbers_that_are_uniform_and_independent():
    """Over seed, epoch, index and view, each next to each other."""
    keys = [Key(s, e, i) for s in range(5) for e in range(20) for i in range(100)]
    u = uniforms(np.array(keys), 2, 6)
    assert u.shape == (2, 10000, 6)
    for numbers in u.transpose(0, 2, 1).reshape(12, -1):
        assert kstest(numbers, 'uniform').pvalue > 1e-4
    correlation = np.corrcoef(u.transpose(0, 2, 1).reshape(12, -1))
    between_keys = np.corrcoef(u[0, :-1, 0], u[0, 1:, 0])[0, 1]
    assert np.abs(correlation - np.eye(12)).max() < 0.05
    assert abs(between_keys) < 0.05


def test_a_number_depends_on_its_own_key_alone():
    keys = np.array([(0, 3, 8), (0, 4, 7), (1, 3, 7), (0, 3, 7)])
    together, alone = uniforms(keys, 2, 5), uniforms(keys[2:3], 2, 5)
    assert np.array_equal(together[:, 2], alone[:, 0])
    assert len(np.unique(together)) == together.size


@pytest.mark.parametrize('workers', [0, 2])
def test_keys_reach_the_transform_through_any_worker(workers):
    dataset = numbers()
    sampler = ViewSampler(dataset, shuffle=True, seed=5)
    sampler.set_epoch(3)
    loader = DataLoader(dataset, 4, sampler=sampler, num_workers=workers, collate_fn=list)
    keys = [key for batch in loader for key in batch]
    assert sorted(keys) == [(5, 3, i) for i in range(10)]
    assert keys != sorted(keys)


def test_two_data_sets_in_one_do_not_share_keys():
    both = ConcatDataset([numbers(), numbers()])
    sampler = ViewSampler(both, shuffle=False, seed=0)
    assert [both[index] for index in sampler] == [(0, 0, i) for i in range(20)]


def test_an_index_is_a_number_and_survives_a_queue():
    index = SampleIndex(7, Key(1, 2, 7))
    again = pickle.loads(pickle.dumps(index))
    assert again == 7
    assert again.key == (1, 2, 7)
    assert (again % 4) == 3
    assert (again % 4).key == again.key


def test_without_a_key_views_come_from_the_generator_of_the_worker():
    np.random.seed(0)
    first, second = key_of(dict(sample_idx=3)), key_of(dict(sample_idx=3))
    assert first != second
    np.random.seed(0)
    assert key_of({}) == first


def test_the_sampler_is_found_by_its_scope():
    assert TRANSFORMS.get('mmbarlow.TwinViews') is not None
    from mmengine.registry import DATA_SAMPLERS

    assert DATA_SAMPLERS.get('mmbarlow.ViewSampler') is ViewSampler


def test_an_epoch_of_some_images_has_others_each_time():
    sampler = ViewSampler(range(100), seed=0, images=32)
    seen = []
    for epoch in range(6):
        sampler.set_epoch(epoch)
        order = list(sampler)
        assert len(order) == len(sampler) == len(set(order)) == 32
        assert {index.key.epoch for index in order} == {epoch}
        seen += order
    assert len(set(seen)) > 80
