"""The batch over all processes, which the statistics and the matrix of the loss are those of."""

from dataclasses import dataclass

import torch
from torch import Tensor

from . import distributed
from .distributed import total_
from .errors import InputError, refuse_numbers

GRADS = ('exact', 'official')


@dataclass(frozen=True)
class GlobalBatch:
    """The samples of all processes, as one of the processes sees them.

    Attributes:
        counts: n, the samples of each process, in the order of their ranks.
        rank: this process.
    """

    counts: tuple[int, ...]
    rank: int = 0

    @property
    def N(self) -> int:
        """Samples of all processes."""
        return sum(self.counts)

    @property
    def own(self) -> slice:
        """This process's rows among all N."""
        first = sum(self.counts[: self.rank])
        return slice(first, first + self.counts[self.rank])

    def gather(self, z_nD: Tensor) -> Tensor:
        """This process's rows to those of all, (n, D) to (N, D), unseen by autograd."""
        return distributed.gather_rows(z_nD, self.counts)

    def grad_scale(self, grad: str) -> int:
        """Factor on a gradient by hand, which DDP's mean divides by the number of processes."""
        return len(self.counts) if grad == 'exact' else 1

    def check_finite(self, views: tuple[Tensor, Tensor], scale: Tensor) -> None:
        """On the CPU, raise on every process if a view of any process holds NaN or Inf.

        One such number makes the variance of its dimension NaN, which all processes see. On a GPU
        each look would wait for the device. Within `errors.told_later` nothing is raised.

        Args:
            views: the raw embeddings, (n, D) each.
            scale: 1 / deviation of each dimension of both views, (2, D).
        """
        if scale.device.type != 'cpu' or (scale > 0).all():
            return
        bad = torch.stack([(~torch.isfinite(z)).sum() for z in views])
        a, b = total_(bad).tolist()
        if a or b:
            refuse_numbers(
                f'the embeddings hold NaN or Inf: {a} numbers of view A and {b} of view B. Look at '
                'your images, lower the learning rate (optim_wrapper.optimizer.lr), or train '
                'without mixed precision (--amp).'
            )
            return
        refuse_numbers(
            'the embeddings are too large to square: lower the learning rate '
            '(optim_wrapper.optimizer.lr).'
        )


IN_CHANNELS = "set the head's in_channels to the neck's out_channels."


def global_batch(
    z_a: Tensor, z_b: Tensor, dimensions: int | None = None, cure: str = IN_CHANNELS
) -> GlobalBatch:
    """The global batch, once all processes have agreed that their embeddings make one.

    Args:
        z_a: embeddings of the first view, shape (n, D), this process's part of the batch.
        z_b: embeddings of the second view, shape (n, D).
        dimensions: D that is asked for; by default any.
        cure: what to do about another D, for the message.

    Raises:
        InputError: on every process, if those of one differ in shape, are not (n, D), have another
            D, are integers or of two types, if the processes differ in D or type, or if the global
            batch is a single sample.
    """
    problem = _problem(z_a, z_b, dimensions, cure)
    facts = [0, 0, 0] if problem else [*z_a.shape, z_a.dtype.itemsize]
    answers = distributed.agree(facts, problem)
    counts, widths, itemsizes = zip(*answers, strict=True)
    if len(set(widths)) > 1 or len(set(itemsizes)) > 1:
        raise InputError(
            f'the processes have embeddings of {list(widths)} dimensions and {list(itemsizes)} '
            'bytes a number: start all of them with the same config.'
        )
    if sum(counts) < 2:
        raise InputError(
            f'a global batch of {sum(counts)} has no correlations, so Barlow Twins has no loss: '
            'take a batch of at least 2 (hundreds are better) and drop the last incomplete one '
            '(train_dataloader.batch_size and drop_last).'
        )
    return GlobalBatch(counts, distributed.rank())


def _problem(z_a: Tensor, z_b: Tensor, dimensions: int | None, cure: str) -> str | None:
    if z_a.shape != z_b.shape or z_a.ndim != 2:
        return (
            f'the embeddings of the two views must both be (n, D), got {tuple(z_a.shape)} and '
            f'{tuple(z_b.shape)}.'
        )
    if dimensions not in (None, z_a.shape[1]):
        return f'the embeddings have {z_a.shape[1]} dimensions and the head {dimensions}: {cure}'
    if not z_a.is_floating_point() or z_a.dtype != z_b.dtype:
        return (
            f'the embeddings are {z_a.dtype} and {z_b.dtype}: give both views as floating point '
            'numbers of one type.'
        )
    return None
