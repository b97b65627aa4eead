"""Several processes, each with data of its own, against one process with all of it."""

import os
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))  # of the processes that the tests start

import pytest
import torch
import torch.distributed as dist
from members import MEMBERS, distance, embeddings, value_and_gradients
from torch import Tensor

from mmbarlow.errors import InputError
from mmbarlow.loss import VICRegLoss, WMSELoss

# Samples of each process; unequal on purpose, one process with a single sample.
SHARDS = {2: [11, 13], 4: [4, 1, 12, 7]}
N, V = 24, 3
FEW, MANY = 40, 8  # dimensions: more than samples, and fewer
CASES = [(name, D) for name, member in MEMBERS.items() for D in (FEW, MANY) if member.few or D < N]


def two_steps(name: str, D: int, part: slice, world: int = 1) -> Tensor:
    """Both values and, of rows of the batch, the gradients that DDP's mean would leave."""
    criterion = MEMBERS[name].make(D, V, 'auto').double()
    found = []
    for _ in 'ab':  # the second one with the memory that the first one left
        shard = [z.detach()[part].requires_grad_() for z in embeddings(V, N, D)]
        value, *gradients = value_and_gradients(criterion, shard)
        found += [value[None], torch.stack(gradients).flatten() / world]
    return torch.cat(found)


def bad_inputs(last: bool) -> dict[str, tuple]:
    """What one process alone, the last, has wrong, or all of them have."""
    good = torch.randn(3, MANY)
    poisoned = good.clone()
    poisoned[0, 0] = torch.nan
    wide = torch.randn(3, FEW)
    return dict(
        one=(VICRegLoss(), good),
        shapes=(VICRegLoss(), good, good[:2] if last else good),
        nan=(VICRegLoss(), good, poisoned if last else good),
        whitening=(WMSELoss(), wide, wide),
    )


def worker(folder: str) -> None:
    """One process: everything the tests compare, saved under its rank."""
    dist.init_process_group('gloo')
    rank, world = dist.get_rank(), dist.get_world_size()
    first = sum(SHARDS[world][:rank])
    part = slice(first, first + SHARDS[world][rank])
    result: dict = {case: two_steps(*case, part, world) for case in CASES}
    result['rows'], result['messages'] = [part.start, part.stop], {}
    for name, (criterion, *views) in bad_inputs(rank == world - 1).items():
        try:
            criterion(*views)
        except InputError as error:
            result['messages'][name] = str(error)
    torch.save(result, f'{folder}/{rank}.pth')
    dist.barrier()  # nobody hangs up while another is still listening
    os._exit(0)  # gloo's threads sometimes abort when an interpreter is torn down around them


@pytest.fixture(scope='module', params=SHARDS)
def results(request, run_processes, tmp_path_factory) -> list[dict]:
    """What each of the processes saw."""
    folder = tmp_path_factory.mktemp('processes')
    run_processes(request.param, __file__, folder)
    return [torch.load(folder / f'{r}.pth') for r in range(request.param)]


@pytest.mark.parametrize(('name', 'D'), CASES)
def test_loss_and_ddp_gradient_are_those_of_one_process_on_the_whole_batch(results, name, D):
    for result in results:
        values = two_steps(name, D, slice(N)).view(2, 1 + V * N * D)
        rows = values[:, 1:].view(2, V, N, D)[:, :, slice(*result['rows'])].flatten(1)
        wanted = torch.cat([values[:, :1], rows], 1).flatten()
        assert distance(result[name, D], wanted) < 1e-12


@pytest.mark.parametrize(
    ('bad', 'says'),
    [
        ('one', 'process 0: the loss compares views of an image, and got 1: give two or more'),
        ('shapes', 'process {last}: the embeddings of the two views must both be (n, D)'),
        ('nan', '0 numbers of view A and 1 of view B'),
        ('whitening', 'whitening 40 dimensions takes more than 40 samples, and a slice has'),
    ],
)
def test_what_one_process_has_wrong_is_one_sentence_on_every_process(results, bad, says):
    for result in results:
        assert says.format(last=len(results) - 1) in result['messages'][bad]


if __name__ == '__main__':
    worker(sys.argv[1])
