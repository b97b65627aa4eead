"""The Barlow Twins loss as a head for MMEngine models."""

from mmengine.model import BaseModule
from torch import Tensor

from mmbarlow.loss import BarlowTwinsLoss, GlobalBatch, cross_correlation, global_batch
from mmbarlow.registry import MODELS


@MODELS.register_module()
class CrossCorrelationHead(BaseModule):
    """`mmbarlow.loss.BarlowTwinsLoss` for embeddings of a known width.

    Args:
        in_channels: D, the number of embedding dimensions.
        lambd: weight of the redundancy-reduction term; 0.0051 in the official code.
        form: 'auto', 'direct' or 'gram', see `BarlowTwinsLoss`.
        grad: 'exact' or 'official', see `BarlowTwinsLoss`.
        pairs: of more than two views: 'all', 'global' or 'global-any', see `BarlowTwinsLoss`.
        global_views: how many of the views, the first ones, are global; by default all.
    """

    same_calls = True  # as in `BarlowTwins`

    def __init__(
        self,
        in_channels: int,
        lambd: float = 0.0051,
        form: str = 'auto',
        grad: str = 'exact',
        pairs: str = 'all',
        global_views: int | None = None,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.criterion = BarlowTwinsLoss(lambd, form, grad, pairs, global_views)

    @property
    def lambd(self) -> float:
        return self.criterion.lambd

    @property
    def form(self) -> str:
        return self.criterion.form

    @property
    def grad(self) -> str:
        return self.criterion.grad

    def loss(self, *views: Tensor) -> dict[str, Tensor]:
        """The two terms of the loss, both scalars, fp32 (fp64 stays fp64); their sum is L.

        Args:
            views: embeddings of two or more views, shape (n, D), this process's part of the batch.

        Raises:
            InputError: on every process: shapes that differ, D that is not `in_channels` or not
                that of the other processes, integers, a single sample in the global batch; NaN or
                Inf on a CPU (on a GPU `mmbarlow.FiniteLossHook` finds them).
        """
        return self.loss_of(*views, batch=global_batch(*views, dimensions=self.in_channels))

    def loss_of(self, *views: Tensor, batch: GlobalBatch) -> dict[str, Tensor]:
        """`loss` once the processes have agreed on the batch."""
        invariance, redundancy = self.criterion.terms(*views, batch=batch)
        return dict(loss_invariance=invariance, loss_redundancy=redundancy)

    def cross_correlation(self, z_a: Tensor, z_b: Tensor) -> Tensor:
        """C of the global batch, shape (D, D); arguments and errors as for `loss`."""
        batch = global_batch(z_a, z_b, dimensions=self.in_channels)
        return cross_correlation(z_a, z_b, batch)
