"""The batch over all processes, which the statistics and the matrix of the loss are those of."""

from collections.abc import Sequence
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

    def check_finite(self, views: Sequence[Tensor], scale: Tensor) -> None:
        """On the CPU, raise on every process if a view of any process holds NaN or Inf.

        One such number makes the variance of its dimension NaN, which all processes see. On a GPU
        each look would wait for the device. Within `errors.told_later` nothing is raised.

        Args:
            views: the raw embeddings, (n, D) each.
            scale: 1 / deviation of each dimension of the views, (V, D).
        """
        if scale.device.type != 'cpu' or (scale > 0).all():
            return
        bad = torch.stack([(~torch.isfinite(z)).sum() for z in views])
        found = total_(bad).tolist()
        if any(found):
            first, *others = [f'{n} of view {chr(65 + v)}' for v, n in enumerate(found)]
            counts = ', '.join([first.replace(' of', ' numbers of'), *others[:-1]])
            refuse_numbers(
                f'the embeddings hold NaN or Inf: {counts} and {others[-1]}. Look at '
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
    *views: Tensor, dimensions: int | None = None, cure: str = IN_CHANNELS
) -> GlobalBatch:
    """The global batch, once all processes have agreed that their embeddings make one.

    Args:
        views: embeddings of two or more views, shape (n, D), this process's part of the batch.
        dimensions: D that is asked for; by default any.
        cure: what to do about another D, for the message.

    Raises:
        InputError: on every process, if those of one differ in shape, are not (n, D), have another
            D, are integers or of several types, if the processes differ in D, type or number of
            views, or if the global batch is a single sample.
    """
    problem = _problem(views, dimensions, cure)
    facts = [0] * 4 if problem else [*views[0].shape, views[0].dtype.itemsize, len(views)]
    answers = distributed.agree(facts, problem)
    counts, widths, itemsizes, numbers = zip(*answers, strict=True)
    if len(set(widths)) > 1 or len(set(itemsizes)) > 1:
        raise InputError(
            f'the processes have embeddings of {list(widths)} dimensions and {list(itemsizes)} '
            'bytes a number: start all of them with the same config.'
        )
    if len(set(numbers)) > 1:
        raise InputError(
            f'the processes have {list(numbers)} views: start all of them with the same config.'
        )
    if sum(counts) < 2:
        raise InputError(
            f'a global batch of {sum(counts)} has no correlations, so Barlow Twins has no loss: '
            'take a batch of at least 2 (hundreds are better) and drop the last incomplete one '
            '(train_dataloader.batch_size and drop_last).'
        )
    return GlobalBatch(counts, distributed.rank())


def _problem(views: Sequence[Tensor], dimensions: int | None, cure: str) -> str | None:
    if len(views) < 2:
        return f'the loss compares views of an image, and got {len(views)}: give two or more.'
    if other := next((z for z in views if not isinstance(z, Tensor)), None):
        return f'embeddings are tensors, and one view is {other!r}: give options by their names.'
    shapes = [tuple(z.shape) for z in views]
    if len(set(shapes)) > 1 or len(shapes[0]) != 2:
        which = 'two views must both' if len(views) == 2 else 'views must all'
        return f'the embeddings of the {which} be (n, D), got {" and ".join(map(str, shapes))}.'
    if dimensions not in (None, shapes[0][1]):
        return f'the embeddings have {shapes[0][1]} dimensions and the head {dimensions}: {cure}'
    types = [str(z.dtype) for z in views]
    if not views[0].is_floating_point() or len(set(types)) > 1:
        return (
            f'the embeddings are {" and ".join(types)}: give all views as floating point '
            'numbers of one type.'
        )
    return None
