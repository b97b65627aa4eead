"""What the losses of the family share: from each process's rows to the formula on all N of them.

Every process gathers the embeddings of all and computes the whole loss, so that a formula is
written once, for plain (N, D) tensors, and holds for any number of processes with shards of any
size.
"""

import torch
from torch import Tensor, nn
from torch.autograd.function import Function, once_differentiable

from ..errors import InputError
from ..global_batch import GlobalBatch, global_batch
from ..losses import at_least_fp32

FORMS = ('auto', 'direct', 'gram')


class LossOfViews(nn.Module):
    """A loss of V >= 2 views' embeddings, which a subclass writes in `of_batch`.

    After DDP's mean over the processes the parameter gradient is that of the loss on the global
    batch.

    Args:
        form: 'direct' builds matrices (D, D), 'gram' (N, N), of the same value; 'auto' takes the
            smaller ones. A subclass without two forms has no such argument.

    Raises:
        InputError: there is no such form.
    """

    dimensions: int | None = None  # D of the embeddings, where the loss has to know it

    def __init__(self, form: str = 'auto') -> None:
        super().__init__()
        if form not in FORMS:
            raise InputError(f"form {form!r} does not exist: take 'auto', 'direct' or 'gram'.")
        self.form = form

    def forward(self, *views: Tensor) -> Tensor:
        """L, a scalar; see `terms`."""
        return torch.stack([*self.terms(*views).values()]).sum()

    def terms(self, *views: Tensor, batch: GlobalBatch | None = None) -> dict[str, Tensor]:
        """The terms by name, whose sum is L: scalars, fp32 (fp64 stays fp64), also under autocast.

        Bad input is an error on every process. NaN and Inf are looked for on the CPU alone.

        Args:
            views: embeddings of two or more views, shape (n, D), this process's part of the batch.
            batch: the global batch, where it is known already.

        Raises:
            InputError: NaN or Inf, fewer samples than the loss needs, and see `global_batch`.
        """
        cure = f'set dimensions of {type(self).__name__}.'
        batch = batch or global_batch(*views, dimensions=self.dimensions, cure=cure)
        with torch.autocast(views[0].device.type, enabled=False):
            whole = [at_least_fp32(_gathered(z, batch)) for z in views]
            size = torch.stack([torch.linalg.vector_norm(z.detach()) for z in whole])
            batch.check_finite(views, size.isfinite())
            terms = self.of_batch(whole)
        return {name: term.to(whole[0]) for name, term in terms.items()}

    def of_batch(self, views: list[Tensor]) -> dict[str, Tensor]:
        """The terms by name, of the embeddings (N, D) of all processes, which autograd sees."""
        raise NotImplementedError

    def takes_gram(self, z_ND: Tensor) -> bool:
        N, D = z_ND.shape
        return self.form == 'gram' or self.form == 'auto' and N < D

    def product(self, z_ND: Tensor) -> Tensor:
        """Z Z^T or Z^T Z by the form: both have one Frobenius norm, and one trace of each power."""
        return z_ND @ z_ND.T if self.takes_gram(z_ND) else z_ND.T @ z_ND


def _gathered(z_nD: Tensor, batch: GlobalBatch) -> Tensor:
    """The rows of all processes, (N, D), with the gradient of this one's."""
    return z_nD if len(batch.counts) == 1 else _Gather.apply(z_nD, batch)


class _Gather(Function):
    """Since each process has the gradient of the whole loss, its own rows of that are complete."""

    @staticmethod
    def forward(ctx, z_nD: Tensor, batch: GlobalBatch) -> Tensor:
        ctx.batch = batch
        return batch.gather(z_nD)

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_ND: Tensor):
        return grad_ND[ctx.batch.own] * ctx.batch.grad_scale('exact'), None
