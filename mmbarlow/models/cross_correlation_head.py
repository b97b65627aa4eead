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
    """

    def __init__(
        self, in_channels: int, lambd: float = 0.0051, form: str = 'auto', grad: str = 'exact'
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.criterion = BarlowTwinsLoss(lambd, form, grad)

    @property
    def lambd(self) -> float:
        return self.criterion.lambd

    @property
    def form(self) -> str:
        return self.criterion.form

    @property
    def grad(self) -> str:
        return self.criterion.grad

    def loss(self, z_a: Tensor, z_b: Tensor) -> dict[str, Tensor]:
        """The two terms of the loss, both scalars, fp32 (fp64 stays fp64); their sum is L.

        Args:
            z_a: embeddings of the first view, shape (n, D), this process's part of the batch.
            z_b: embeddings of the second view, shape (n, D).

        Raises:
            InputError: on every process: shapes that differ, D that is not `in_channels` or not
                that of the other processes, integers, a single sample in the global batch; NaN or
                Inf on a CPU (on a GPU `mmbarlow.FiniteLossHook` finds them).
        """
        return self.loss_of(z_a, z_b, global_batch(z_a, z_b, self.in_channels))

    def loss_of(self, z_a: Tensor, z_b: Tensor, batch: GlobalBatch) -> dict[str, Tensor]:
        """`loss` once the processes have agreed on the batch."""
        invariance, redundancy = self.criterion.terms(z_a, z_b, batch)
        return dict(loss_invariance=invariance, loss_redundancy=redundancy)

    def cross_correlation(self, z_a: Tensor, z_b: Tensor) -> Tensor:
        """C of the global batch, shape (D, D); arguments and errors as for `loss`."""
        return cross_correlation(z_a, z_b, global_batch(z_a, z_b, self.in_channels))
