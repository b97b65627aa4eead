"""Ablation: the cross-covariance matrix in the place of the cross-correlation matrix."""

import torch
from mmengine.model import BaseModule
from torch import Tensor

from mmbarlow.loss import GlobalBatch, global_batch, terms
from mmbarlow.loss.distributed import total
from mmbarlow.loss.losses import at_least_fp32
from mmbarlow.registry import MODELS


@MODELS.register_module()
class CrossCovarianceHead(BaseModule):
    """Makes the cross-covariance matrix of the twins' embeddings close to the identity.

    The embeddings are centered over the batch, but not divided by their deviations. Table 5, no BN
    in the projector and no normalization: 53.4 / 76.7 top-1 / top-5 instead of 71.4 / 90.2, with
    `norm=False` in `BarlowTwinsNeck`.

    It always builds the matrix, (D, D), and always leaves the exact gradient of the global batch.

    Args:
        in_channels: D, the number of embedding dimensions.
        lambd: weight of the redundancy-reduction term.
    """

    def __init__(self, in_channels: int, lambd: float = 0.0051) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.lambd = lambd

    def loss(self, z_a: Tensor, z_b: Tensor) -> dict[str, Tensor]:
        """The two terms of the loss; arguments and errors as for `CrossCorrelationHead`, but NaN
        and Inf go through to the loss, where `mmbarlow.FiniteLossHook` finds them."""
        batch = global_batch(z_a, z_b, dimensions=self.in_channels)
        # An island of fp32, as for the correlation: the terms are differences of numbers near 1.
        with torch.autocast(z_a.device.type, enabled=False):
            a, b = (self.normalize(at_least_fp32(z), batch) for z in (z_a, z_b))
            invariance, redundancy = terms(total(a.T @ b), self.lambd)
        return dict(loss_invariance=invariance, loss_redundancy=redundancy)

    def normalize(self, z_nD: Tensor, batch: GlobalBatch) -> Tensor:
        """What is multiplied and summed over the N samples of all processes, (n, D)."""
        centered_nD = z_nD - total(z_nD.sum(0)) / batch.N
        return centered_nD / batch.N**0.5  # of both views: the sum becomes a mean
