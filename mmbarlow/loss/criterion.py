"""The loss as one calls it: a function and a module, for any training loop.

criterion = BarlowTwinsLoss(lambd=0.0051)
loss = criterion(projector(backbone(view_a)), projector(backbone(view_b)))
loss = criterion(*[projector(backbone(view)) for view in views])  # of more than two
"""

import torch
from torch import Tensor, nn

from .cost import FEW, cheaper_form, fits_the_cache
from .direct import Direct
from .direct_cached import DirectCached
from .direct_views import DirectOfViews
from .errors import InputError
from .fp64 import has_fp64
from .global_batch import GRADS, GlobalBatch, global_batch
from .gram import Gram
from .gram_views import GramOfViews
from .pairs import ViewPairs, pairs_of

FORMS = dict(direct=Direct, gram=Gram)
OF_VIEWS = dict(direct=DirectOfViews, gram=GramOfViews)


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
        pairs: of more than two views, those that are compared, see `pairs_of`; L is the mean over
            the pairs.
        global_views: how many of the views, the first ones, are global; by default all.

    Raises:
        InputError: there is no such form or grad.
    """

    def __init__(
        self,
        lambd: float = 0.0051,
        form: str = 'auto',
        grad: str = 'exact',
        pairs: str = 'all',
        global_views: int | None = None,
    ) -> None:
        super().__init__()
        if form not in ('auto', *FORMS):
            raise InputError(f"form {form!r} does not exist: take 'auto', 'direct' or 'gram'.")
        if grad not in GRADS:
            raise InputError(f"grad {grad!r} does not exist: take 'exact' or 'official'.")
        self.lambd = lambd
        self.form = form
        self.grad = grad
        self.pairs = pairs
        self.global_views = global_views

    def forward(self, *views: Tensor) -> Tensor:
        """L, a scalar; see `terms`."""
        return torch.add(*self.terms(*views))

    def terms(self, *views: Tensor, batch: GlobalBatch | None = None) -> tuple[Tensor, Tensor]:
        """Invariance and redundancy, whose sum is L: scalars, fp32 (fp64 stays fp64), also under
        autocast. There is no gradient of their gradient.

        Bad input is an error on every process. NaN and Inf are looked for on the CPU alone, since
        on a GPU each look would wait for the device.

        Args:
            views: embeddings of two or more views, shape (n, D), this process's part of the batch.
            batch: the global batch, where it is known already.

        Raises:
            InputError: NaN or Inf, and see `global_batch` and `pairs_of`.
        """
        batch = batch or global_batch(*views)
        pairs = pairs_of(len(views), self.pairs, self.global_views)
        views = views[: pairs.global_views + pairs.local_views]
        D, device, form = views[0].shape[1], views[0].device, self.form
        if form == 'auto':
            counts = len(views), len(pairs)
            form = cheaper_form(batch.N, D, len(batch.counts), device.type, *counts)
        if batch.N <= FEW and not has_fp64(views[0]):  # where fp32 will not do
            views = tuple([z.cpu() for z in views])
        parts = self._computed(form, views, batch, pairs)
        return parts[0].to(device), parts[1].to(device)

    def _computed(
        self, form: str, views: tuple[Tensor, ...], batch: GlobalBatch, pairs: ViewPairs
    ) -> tuple[Tensor, Tensor]:
        scale = batch.grad_scale(self.grad)
        if len(pairs) > 1:
            return OF_VIEWS[form].apply(batch, pairs, self.lambd, scale, *views)
        a, b = views
        cached = form == 'direct' and fits_the_cache(a, batch)
        compute = DirectCached if cached else FORMS[form]
        return compute.apply(a, b, batch, self.lambd, scale)

    def extra_repr(self) -> str:
        return f'lambd={self.lambd}, form={self.form!r}, grad={self.grad!r}'


def barlow_twins_loss(
    *views: Tensor,
    lambd: float = 0.0051,
    form: str = 'auto',
    grad: str = 'exact',
    pairs: str = 'all',
    global_views: int | None = None,
) -> Tensor:
    """L of two or more views' embeddings, shape (n, D) each, a scalar; see `BarlowTwinsLoss`."""
    return BarlowTwinsLoss(lambd, form, grad, pairs, global_views)(*views)
