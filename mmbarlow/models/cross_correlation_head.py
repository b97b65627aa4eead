"""The Barlow Twins loss as a head for MMEngine models."""

import torch
from mmengine.model import BaseModule
from torch import Tensor

from mmbarlow.errors import InputError
from mmbarlow.loss import distributed, losses
from mmbarlow.loss.direct_cached import SmallDirect, is_small
from mmbarlow.loss.forms import Batch, Direct, Gram
from mmbarlow.registry import MODELS

FORMS = dict(direct=Direct, gram=Gram)


@MODELS.register_module()
class CrossCorrelationHead(BaseModule):
    """Makes the cross-correlation matrix of the twins' embeddings close to the identity.

    'an objective function which [...] measures the cross-correlation matrix between the outputs
    of two identical networks fed with distorted versions of a sample, and makes it as close to
    the identity matrix as possible' (Zbontar et al., 2021). The statistics and the matrix are
    those of the global batch, whatever the number of processes and the size of their shards.

    Args:
        in_channels: D, the number of embedding dimensions.
        lambd: weight of the redundancy-reduction term; 0.0051 in the official code.
        form: 'direct' builds C, (D, D); 'gram' gets the same numbers from two (N, N) matrices;
            'auto' takes the cheaper one, see `mmbarlow.loss.losses.cheaper_form`.
        grad: what DDP's mean over the processes leaves. 'exact': the gradient of the loss on the
            global batch. 'official': 1 / world_size of it, as in the official code, MMSelfSup and
            mmpretrain, whose `all_reduce` autograd does not see. LARS hides the factor for
            weights; for biases and BN parameters it belongs to their learning rate.
    """

    def __init__(
        self, in_channels: int, lambd: float = 0.0051, form: str = 'auto', grad: str = 'exact'
    ) -> None:
        super().__init__()
        if form not in ('auto', *FORMS):
            raise InputError(f"form {form!r} does not exist: take 'auto', 'direct' or 'gram'.")
        if grad not in ('exact', 'official'):
            raise InputError(f"grad {grad!r} does not exist: take 'exact' or 'official'.")
        self.in_channels = in_channels
        self.lambd = lambd
        self.form = form
        self.grad = grad

    def loss(self, z_a: Tensor, z_b: Tensor) -> dict[str, Tensor]:
        """The two terms of the loss, both scalars, fp32 (fp64 stays fp64); their sum is L.

        Bad input is an error on every process. NaN and Inf are looked for on the CPU alone: on a
        GPU each look would wait for the device, so there `mmbarlow.FiniteLossHook` finds them.

        Args:
            z_a: embeddings of the first view, shape (n, D), this process's part of the batch.
            z_b: embeddings of the second view, shape (n, D).

        Raises:
            InputError: shapes that differ, D that is not `in_channels` or not that of the other
                processes, integers, a single sample in the global batch, NaN or Inf.
        """
        batch = self._batch(z_a, z_b)
        world_size = distributed.world_size()
        form = self.form
        if form == 'auto':
            form = losses.cheaper_form(batch.N, self.in_channels, world_size)
        small = form == 'direct' and is_small(batch, z_a)
        invariance, redundancy = (SmallDirect if small else FORMS[form]).apply(z_a, z_b, batch)
        return dict(loss_invariance=invariance, loss_redundancy=redundancy)

    def cross_correlation(self, z_a: Tensor, z_b: Tensor) -> Tensor:
        """C of the global batch, shape (D, D); arguments and errors as for `loss`."""
        batch = self._batch(z_a, z_b)
        # An island of fp32: near 1, bf16 numbers are 2^-8 apart and (1 - C_ii)^2 would be noise.
        with torch.autocast(z_a.device.type, enabled=False):
            z_a, z_b = (z if z.dtype == torch.float64 else z.float() for z in (z_a, z_b))
            return losses.cross_correlation(z_a, z_b, batch.N, distributed.total)

    def _batch(self, z_a: Tensor, z_b: Tensor) -> Batch:
        """The global batch, once all processes have agreed that there is one."""
        problem = self._problem(z_a, z_b)
        facts = [0, 0, 0] if problem else [*z_a.shape, z_a.dtype.itemsize]
        counts, widths, itemsizes = map(list, zip(*distributed.agree(facts, problem), strict=True))
        if len(set(widths)) > 1 or len(set(itemsizes)) > 1:
            raise InputError(
                f'the processes have embeddings of {widths} dimensions and {itemsizes} bytes a '
                'number: start all of them with the same config.'
            )
        if sum(counts) < 2:
            raise InputError(
                f'a global batch of {sum(counts)} has no correlations, so Barlow Twins has no '
                'loss: set train_dataloader.batch_size to at least 2 (hundreds are better) and '
                'drop_last.'
            )
        first = sum(counts[: distributed.rank()])
        own = slice(first, first + len(z_a))
        return Batch(
            own=own,
            N=sum(counts),
            lambd=self.lambd,
            total=distributed.total_,
            gather=lambda z: distributed.gather_rows(z, counts),
            check=lambda scale: _check_finite((z_a, z_b), scale),
            grad_scale=distributed.world_size() if self.grad == 'exact' else 1,
        )

    def _problem(self, z_a: Tensor, z_b: Tensor) -> str | None:
        if z_a.shape != z_b.shape or z_a.ndim != 2:
            return (
                f'the embeddings of the two views must both be (n, D), got {tuple(z_a.shape)} '
                f'and {tuple(z_b.shape)}.'
            )
        if z_a.shape[1] != self.in_channels:
            return (
                f'the embeddings have {z_a.shape[1]} dimensions and the head {self.in_channels}: '
                "set the head's in_channels to the neck's out_channels."
            )
        if not z_a.is_floating_point() or z_a.dtype != z_b.dtype:
            return (
                f'the embeddings are {z_a.dtype} and {z_b.dtype}: give both views as floating '
                'point numbers of one type.'
            )
        return None


def _check_finite(views: tuple[Tensor, Tensor], scale: Tensor) -> None:
    """On the CPU, raise on every process if a view of any process holds NaN or Inf.

    One such number makes the variance of its dimension NaN, which all processes see.
    """
    if scale.device.type != 'cpu' or (scale > 0).all():
        return
    bad = torch.stack([(~torch.isfinite(z)).sum() for z in views])
    a, b = distributed.total_(bad).tolist()
    if a or b:
        raise InputError(
            f'the embeddings hold NaN or Inf: {a} numbers of view A and {b} of view B. Look at '
            'your images, lower optim_wrapper.optimizer.lr, or train without --amp.'
        )
    raise InputError('the embeddings are too large to square: lower optim_wrapper.optimizer.lr.')
