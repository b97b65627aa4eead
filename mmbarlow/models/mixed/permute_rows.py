"""The rows of the global batch in another order, each of which travels once."""

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor
from torch.autograd.function import Function, once_differentiable

from mmbarlow.loss import GlobalBatch


def permute_rows(x: Tensor, order: np.ndarray, batch: GlobalBatch) -> Tensor:
    """This process's rows of the permuted global batch, with the exact gradient.

    Args:
        x: this process's rows, (n, ...); the others' differ in n at most.
        order: row i of the result is row `order[i]` of the global batch, (N,); the same on every
            process.
        batch: the global batch, N samples.
    """
    return _Permute.apply(x, order, batch)


class _Permute(Function):
    """Backward sends each gradient to where its row came from."""

    @staticmethod
    def forward(ctx, x: Tensor, order: np.ndarray, batch: GlobalBatch) -> Tensor:
        ctx.order, ctx.batch = order, batch
        return _exchange(x, order, batch)

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor):
        return _exchange(grad, np.argsort(ctx.order), ctx.batch), None, None


def _exchange(x: Tensor, order: np.ndarray, batch: GlobalBatch) -> Tensor:
    counts, me = batch.counts, batch.rank
    if len(counts) == 1:
        return x[_index(order, x)]
    first = np.cumsum([0, *counts])
    wanted = np.split(order, first[1:-1])  # by each process
    sent = [rows[(first[me] <= rows) & (rows < first[me + 1])] - first[me] for rows in wanted]
    owners = np.searchsorted(first, wanted[me], side='right') - 1
    # The rows come by owner, and those of one owner as they are wanted.
    places = np.argsort(np.argsort(owners, kind='stable'))
    received = x.new_empty(counts[me], *x.shape[1:])
    dist.all_to_all_single(
        received,
        x[_index(np.concatenate(sent), x)],
        np.bincount(owners, minlength=len(counts)).tolist(),
        [len(rows) for rows in sent],
    )
    return received[_index(places, x)]


def _index(rows: np.ndarray, x: Tensor) -> Tensor:
    """On the device of x, which nobody waits for: from pinned memory the copy is queued."""
    index = torch.from_numpy(rows)
    return index.pin_memory().to(x.device, non_blocking=True) if x.is_cuda else index
