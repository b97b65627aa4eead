"""Step t of several processes takes the images of step t of one process."""

import itertools

import pytest
from mmengine.dataset import DefaultSampler
from torch.utils.data import DataLoader

from mmbarlow.datasets.digits import Digits
from mmbarlow.datasets.sample_random import ViewSampler
from mmbarlow.datasets.shared_batches import share_batches

GLOBAL = 12  # images of a step
SIZES = [12, 23, 24, 25, 27, 35, 36]


@pytest.fixture
def steps(monkeypatch):
    """What each process is given, step by step, and how many images of an epoch come twice."""

    def run(kind, images: int, processes: int, drop_last: bool, uneven: bool = True, chunks=1):
        found, repeated = [], []
        for rank in range(processes):
            place = rank, processes
            init = DefaultSampler.__init__.__globals__
            monkeypatch.setitem(init, 'get_dist_info', lambda place=place: place)
            data = Digits('train', pipeline=[], indices=images)
            sampler, batch = kind(data, seed=1), GLOBAL // processes
            if processes > 1:
                repeated.append(share_batches(sampler, batch, drop_last, uneven, chunks))
            sampler.set_epoch(2)
            loader = DataLoader(data, batch, sampler=sampler, drop_last=drop_last, collate_fn=list)
            own = [list(map(int, indices)) for indices in loader.batch_sampler]
            assert len(own) == len(loader)
            assert sum(map(len, own)) <= len(sampler)
            found.append(own)
        return found, repeated

    return run


@pytest.mark.parametrize('drop_last', [True, False])
@pytest.mark.parametrize('kind', [ViewSampler, DefaultSampler])
def test_each_step_has_the_images_of_one_process_once(kind, drop_last, steps):
    for images, processes in itertools.product(SIZES, (2, 3, 4)):
        ((alone,), _) = steps(kind, images, 1, drop_last)
        shares, repeated = steps(kind, images, processes, drop_last)
        rest = images % GLOBAL
        if drop_last or rest == 0 or rest >= processes:
            assert set(repeated) == {0}
            of_all = [sum(step, []) for step in zip(*shares, strict=True)]
            assert list(map(sorted, of_all)) == list(map(sorted, alone))
            if kind is ViewSampler:  # for losses in which a place in the batch counts
                assert of_all == alone
        else:
            assert set(repeated) == {processes - rest}
            assert {len(share) for share in shares} == {len(alone)}


def test_a_loss_that_takes_no_uneven_parts_has_repeated_images(steps):
    shares, repeated = steps(ViewSampler, 23, 2, drop_last=False, uneven=False)
    assert repeated == [1, 1]
    assert [list(map(len, share)) for share in shares] == [[6, 6], [6, 6]]


def test_a_chunk_of_all_processes_is_a_chunk_of_one(steps):
    ((alone,), _) = steps(ViewSampler, 24, 1, True)
    (first, second), _ = steps(ViewSampler, 24, 2, True, chunks=3)
    for whole, a, b in zip(alone, first, second, strict=True):
        assert [a[i : i + 2] + b[i : i + 2] for i in (0, 2, 4)] == [
            whole[:4],
            whole[4:8],
            whole[8:],
        ]
