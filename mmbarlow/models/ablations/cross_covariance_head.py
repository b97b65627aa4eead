"""Ablation: the cross-covariance matrix in the place of the cross-correlation matrix."""

import torch
from torch import Tensor

from mmbarlow.loss import distributed
from mmbarlow.models.cross_correlation_head import CrossCorrelationHead
from mmbarlow.registry import MODELS


@MODELS.register_module()
class CrossCovarianceHead(CrossCorrelationHead):
    """Makes the cross-covariance matrix of the twins' embeddings close to the identity.

    The embeddings are centred over the batch, but not divided by their deviations. Table 5, no BN
    in the projector and no normalisation: 53.4 / 76.7 top-1 / top-5 instead of 71.4 / 90.2, with
    `norm=False` in `BarlowTwinsNeck`.

    It always builds the matrix, (D, D), and always leaves the exact gradient of the global batch.

    Args:
        in_channels: D, the number of embedding dimensions.
        lambd: weight of the redundancy-reduction term.
    """

    def __init__(self, in_channels: int, lambd: float = 0.0051) -> None:
        super().__init__(in_channels, lambd)

    def loss(self, z_a: Tensor, z_b: Tensor) -> dict[str, Tensor]:
        """The two terms of the loss, both scalars, fp32 (fp64 stays fp64); their sum is L.

        Args:
            z_a: embeddings of the first view, shape (n, D), this process's part of the batch.
            z_b: embeddings of the second view, shape (n, D).

        Raises:
            InputError: as for `CrossCorrelationHead`, but NaN and Inf go through to the loss,
                where `mmbarlow.FiniteLossHook` finds them.
        """
        N = self._batch(z_a, z_b).N
        # An island of fp32, as for the correlation: the terms are differences of numbers near 1.
        with torch.autocast(z_a.device.type, enabled=False):
            z_a, z_b = (z if z.dtype == torch.float64 else z.float() for z in (z_a, z_b))
            c_DD = distributed.total(self.normalize(z_a, N).T @ self.normalize(z_b, N))
            invariance = (1 - c_DD.diagonal()).square().sum()
            redundancy = self.lambd * c_DD.clone().fill_diagonal_(0).square().sum()
        return dict(loss_invariance=invariance, loss_redundancy=redundancy)

    def normalize(self, z_nD: Tensor, N: int) -> Tensor:
        """What is multiplied and summed over the N samples of all processes, (n, D)."""
        centred_nD = z_nD - distributed.total(z_nD.sum(0)) / N
        return centred_nD / N**0.5  # of both views: the sum becomes a mean
