"""The loss as one calls it: a function and a module, for any training loop.

criterion = BarlowTwinsLoss(lambd=0.0051)
loss = criterion(projector(backbone(view_a)), projector(backbone(view_b)))
"""

import torch
from torch import Tensor, nn

from .cost import FEW, cheaper_form, fits_the_cache
from .direct import Direct
from .direct_cached import DirectCached
from .errors import InputError
from .fp64 import has_fp64
from .global_batch import GRADS, GlobalBatch, global_batch
from .gram import Gram

FORMS = dict(direct=Direct, gram=Gram)


class BarlowTwinsLoss(nn.Module):
    """Makes the cross-correlation matrix of the twins' embeddings close to the identity.

    'an objective function which [...] measures the cross-correlation matrix between the outputs
    of two identical networks fed with distorted versions of a sample, and makes it as close to
    the identity matrix as possible' (Zbontar et al., 2021). Statistics and matrix are those of the
    global batch: where `torch.distributed` is initialized, of all processes, whatever the size of
    their shards. The embeddings need no normalization before, and no gathering.

    Args:
        lambd: weight of the redundancy-reduction term; 0.0051 in the official code.
        form: 'direct' builds C, (D, D); 'gram' gets the same numbers from two (N, N) matrices;
            'auto' takes the cheaper one (`mmbarlow.loss.cost.cheaper_form`).
        grad: what DDP's mean over the processes leaves. 'exact': the gradient of the loss on the
            global batch. 'official': 1 / world_size of it, as in the official code, MMSelfSup and
            mmpretrain, whose `all_reduce` autograd does not see. LARS hides the factor for
            weights; for biases and BN parameters it belongs to their learning rate.

    Raises:
        InputError: there is no such form or grad.
    """

    def __init__(self, lambd: float = 0.0051, form: str = 'auto', grad: str = 'exact') -> None:
        super().__init__()
        if form not in ('auto', *FORMS):
            raise InputError(f"form {form!r} does not exist: take 'auto', 'direct' or 'gram'.")
        if grad not in GRADS:
            raise InputError(f"grad {grad!r} does not exist: take 'exact' or 'official'.")
        self.lambd = lambd
        self.form = form
        self.grad = grad

    def forward(self, z_a: Tensor, z_b: Tensor) -> Tensor:
        """L, a scalar; see `terms`."""
        return torch.add(*self.terms(z_a, z_b))

    def terms(
        self, z_a: Tensor, z_b: Tensor, batch: GlobalBatch | None = None
    ) -> tuple[Tensor, Tensor]:
        """Invariance and redundancy, whose sum is L: scalars, fp32 (fp64 stays fp64), also under
        autocast. There is no gradient of their gradient.

        Bad input is an error on every process. NaN and Inf are looked for on the CPU alone, since
        on a GPU each look would wait for the device.

        Args:
            z_a: embeddings of the first view, shape (n, D), this process's part of the batch.
            z_b: embeddings of the second view, shape (n, D).
            batch: the global batch, where it is known already.

        Raises:
            InputError: NaN or Inf, and see `global_batch`.
        """
        batch = batch or global_batch(z_a, z_b)
        form = self.form
        if form == 'auto':
            form = cheaper_form(batch.N, z_a.shape[1], len(batch.counts), z_a.device.type)
        cached = form == 'direct' and fits_the_cache(z_a, batch)
        compute = DirectCached if cached else FORMS[form]
        device = z_a.device
        if batch.N <= FEW and not has_fp64(z_a):  # where fp32 will not do
            z_a, z_b = z_a.cpu(), z_b.cpu()
        parts = compute.apply(z_a, z_b, batch, self.lambd, batch.grad_scale(self.grad))
        return parts[0].to(device), parts[1].to(device)

    def extra_repr(self) -> str:
        return f'lambd={self.lambd}, form={self.form!r}, grad={self.grad!r}'


def barlow_twins_loss(
    z_a: Tensor, z_b: Tensor, lambd: float = 0.0051, form: str = 'auto', grad: str = 'exact'
) -> Tensor:
    """L of two views' embeddings, shape (n, D) each, a scalar; see `BarlowTwinsLoss`."""
    return BarlowTwinsLoss(lambd, form, grad)(z_a, z_b)
