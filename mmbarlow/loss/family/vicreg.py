"""VICReg: variance, invariance, covariance."""

from itertools import combinations

import torch
from torch import Tensor
from torch.nn import functional as F

from .loss_of_views import LossOfViews

EPS = 1e-4  # added to every variance


class VICRegLoss(LossOfViews):
    """Keeps every dimension's deviation above 1 and its covariances at 0 (Bardes et al., 2022).

        L = mean over pairs of
            invariance  mean_nd (a_nd - b_nd)^2
            variance    mean over a, b of mean_d max(0, 1 - sqrt(var(z_d) + 1e-4))
            covariance  sum over a, b of 1 / D sum_{i != j} cov(z)_ij^2

    with variances and covariances over N - 1 (section 4.1; `main_vicreg.py` of
    facebookresearch/vicreg, https://arxiv.org/abs/2105.04906). Of Z centered,
    sum_ij cov_ij^2 = ||Z Z^T||^2 / (N - 1)^2, which needs no matrix (D, D) where N < D.

    Args:
        invariance, variance, covariance: the weights of the terms, 25, 25 and 1 as published.
        form: see `LossOfViews`.
    """

    def __init__(
        self,
        invariance: float = 25.0,
        variance: float = 25.0,
        covariance: float = 1.0,
        form: str = 'auto',
    ) -> None:
        super().__init__(form)
        self.invariance, self.variance, self.covariance = invariance, variance, covariance

    def of_batch(self, views: list[Tensor]) -> dict[str, Tensor]:
        hinges, energies = zip(*map(self.of_view, views), strict=True)
        distances = [F.mse_loss(a, b) for a, b in combinations(views, 2)]
        return dict(
            invariance=self.invariance * torch.stack(distances).mean(),
            variance=self.variance * torch.stack(hinges).mean(),
            covariance=self.covariance * 2 * torch.stack(energies).mean(),
        )

    def of_view(self, z_ND: Tensor) -> tuple[Tensor, Tensor]:
        """Variance and covariance term of one view."""
        N, D = z_ND.shape
        centered_ND = z_ND - z_ND.mean(0)
        variance_D = centered_ND.square().sum(0) / (N - 1)
        energy = (self.product(centered_ND) / (N - 1)).square().sum()
        hinge = F.relu(1 - torch.sqrt(variance_D + EPS)).mean()
        return hinge, (energy - variance_D.square().sum()) / D
