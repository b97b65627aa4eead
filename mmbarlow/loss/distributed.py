"""The collectives that the loss needs, each the identity where there is one process."""

import functools
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.nn.functional import all_reduce

from .errors import InputError

T = TypeVar('T')


def world_size() -> int:
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    return dist.get_rank() if world_size() > 1 else 0


def total(x: Tensor) -> Tensor:
    """Sum of `x` over all processes, with the exact gradient.

    The plain `torch.distributed.all_reduce` is not seen by autograd: each process would
    back-propagate through its own samples only, and DDP's mean would leave 1 / world_size of the
    gradient. This one sums the gradients of all processes in backward, so that after DDP's mean
    the parameter gradient is that of the loss on the global batch.
    """
    return x if world_size() == 1 else all_reduce(x)


def total_(x: Tensor) -> Tensor:
    """Sum of `x` over all processes, in place and unseen by autograd: for gradients by hand."""
    if world_size() > 1:
        dist.all_reduce(x)
    return x


def gather_rows(x_nD: Tensor, counts: tuple[int, ...]) -> Tensor:
    """The rows of all processes, (n, D) to (N, D), unseen by autograd.

    `counts` holds n of each process. Shards may differ: the short ones travel padded.
    """
    if len(counts) == 1:
        return x_nD
    most = max(counts)
    x_nD = torch.nn.functional.pad(x_nD, (0, 0, 0, most - len(x_nD))).contiguous()
    all_ND = x_nD.new_empty(len(counts) * most, x_nD.shape[1])
    dist.all_gather_into_tensor(all_ND, x_nD)
    if min(counts) == most:
        return all_ND
    return torch.cat([part[:n] for part, n in zip(all_ND.split(most), counts, strict=True)])


def agree(facts: list[int], problem: str | None = None) -> list[list[int]]:
    """The `facts` of every process, a list for each; a problem of one is an error of all.

    A process that raised alone would leave the others waiting in their next collective.

    Raises:
        InputError: some process has a problem; all of them raise the first one.
    """
    if world_size() == 1:
        if problem:
            raise InputError(problem)
        return [facts]
    group = _control_group(dist.group.WORLD)
    mine = torch.tensor([problem is not None, *facts])
    rows = [torch.empty_like(mine) for _ in range(world_size())]
    dist.all_gather(rows, mine, group=group)
    answers = torch.stack(rows).tolist()
    if any(failed for failed, *_ in answers):
        problems = gather_objects(problem)
        first = next(i for i, text in enumerate(problems) if text)
        raise InputError(f'process {first}: {problems[first]}')
    return [facts for _, *facts in answers]


def gather_objects(own: T) -> list[T]:
    """What each process has, of things that can be pickled, known to all."""
    found = [own] * world_size()
    if world_size() > 1:
        dist.all_gather_object(found, own, group=_control_group(dist.group.WORLD))
    return found


@functools.lru_cache(maxsize=1)
def _control_group(world):
    """Where `agree` talks: on the CPU, so that no step waits for the GPU to have caught up."""
    return world if dist.get_backend(world) == 'gloo' else dist.new_group(backend='gloo')
