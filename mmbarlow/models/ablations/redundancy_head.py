"""Ablation: the redundancy-reduction term without the invariance term."""

from torch import Tensor

from mmbarlow.models.cross_correlation_head import CrossCorrelationHead
from mmbarlow.registry import MODELS


@MODELS.register_module()
class RedundancyHead(CrossCorrelationHead):
    """The second term of the Barlow Twins loss alone, which nothing holds from collapsing.

    Table 5, redundancy term only: 0.1 / 0.5 top-1 / top-5, which is chance, where both terms have
    71.4 / 90.2. The row of the invariance term only, 57.3 / 80.5, is `CrossCorrelationHead` with
    `lambd=0`.

    Arguments and errors are those of `CrossCorrelationHead`.
    """

    def loss(self, z_a: Tensor, z_b: Tensor) -> dict[str, Tensor]:
        """`loss_redundancy`, and `invariance`, which is logged but no part of the loss."""
        terms = super().loss(z_a, z_b)
        invariance = terms.pop('loss_invariance')
        return dict(terms, invariance=invariance.detach())
