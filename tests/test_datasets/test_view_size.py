"""The size of views grows at the borders of epochs, wherever a sample is made."""

import pytest
from mmengine.dataset import BaseDataset
from mmengine.runner import Runner

from mmbarlow.datasets.packed_twin_views import PackedTwinViews
from mmbarlow.datasets.sample_random import Key, SampleIndex
from mmbarlow.datasets.twin_views import TwinViews
from mmbarlow.datasets.view_size import ViewSize, has_growing_views
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


class Photographs(BaseDataset):
    def load_data_list(self) -> list[dict]:
        return [dict(img=image) for image in self.metainfo['images']]


@pytest.mark.parametrize('kind', ['TwinViews', 'TwinCrops'])
def test_workers_that_live_on_change_the_size_with_the_epoch(kind, photograph):
    """And a run that begins with the second epoch, as a resumed one, has its size at once."""
    views = dict(type=f'mmbarlow.{kind}', size=[(0, 32), (1, 48)], view_a={}, view_b={})
    images = [photograph[: 60 + i, :80].copy() for i in range(4)]
    steps = [views, dict(type='mmpretrain.PackInputs')]
    dataset = Photographs(metainfo=dict(images=images), pipeline=steps)
    assert has_growing_views(dataset)
    name = 'mmbarlow.pack_crops' if kind == 'TwinCrops' else 'default_collate'
    packed = PackedTwinViews([0.0] * 3, [1.0] * 3)

    def sizes(epochs: list[int]) -> list[int]:
        loader = dict(batch_size=2, num_workers=1, persistent_workers=True, dataset=dataset)
        sampler = dict(type='mmbarlow.ViewSampler')
        loader = Runner.build_dataloader(
            dict(loader, sampler=sampler, collate_fn=dict(type=name)), seed=0
        )
        found = []
        for epoch in epochs:
            loader.sampler.set_epoch(epoch)
            batches = [packed(b, True) if kind == 'TwinCrops' else b for b in loader]
            found += [view.shape[-1] for batch in batches for view in batch['inputs']]
        return found

    assert sizes([0, 1]) == [32] * 4 + [48] * 4
    assert sizes([1]) == [48] * 4
