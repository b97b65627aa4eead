"""The size of views grows at the borders of epochs, wherever a sample is made."""

import pytest

from mmbarlow.datasets.sample_random import Key, SampleIndex
from mmbarlow.datasets.twin_views import TwinViews
from mmbarlow.datasets.view_size import ViewSize
from mmbarlow.errors import InputError

GROWS = [(0, 160), (2, 192), (3, 224)]


def sample(epoch: int) -> dict:
    return dict(sample_idx=SampleIndex(7, Key(0, epoch, 7)))


def test_each_epoch_has_the_size_of_the_last_pair_before_it():
    assert [ViewSize(GROWS).of(sample(epoch)) for epoch in range(5)] == [160, 160, 192, 224, 224]
    for size in (96, [96], [96, 96]):
        assert ViewSize(size).of({}) == 96


@pytest.mark.parametrize(
    ('size', 'message'),
    [
        ([(1, 160)], 'from epoch 0 on'),
        ([(0, 160), (5,)], 'pairs'),
        ([(0, 160), (5, 192), (5, 224)], 'must rise'),
        ([(0, 160), (5, 0)], 'one whole number'),
        ([(0, 160), ('5', 192)], 'pairs'),
        ([160, 224], 'views are square'),
        ([], 'one whole number'),
    ],
)
def test_what_is_no_size_is_a_sentence(size, message):
    with pytest.raises(InputError, match=message):
        TwinViews(size, {}, {})


def test_without_an_epoch_a_size_that_grows_is_a_sentence():
    with pytest.raises(InputError, match='sampler.type=mmbarlow.ViewSampler'):
        ViewSize(GROWS).of(dict(sample_idx=7))
