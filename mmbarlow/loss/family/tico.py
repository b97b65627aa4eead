"""TiCo: a covariance that is remembered, as a contrast."""

import torch
from torch import Tensor
from torch.nn import functional as F

from .loss_of_views import LossOfViews


class TiCoLoss(LossOfViews):
    """Pulls the embeddings out of the directions that were filled before (Zhu et al., 2022).

    With rows divided by their norms, A of the first view, and a memory that moves from 0 by
    C = beta C + (1 - beta) A^T A / N and is a constant to the gradient,

        invariance = 1 - mean over other views of mean_n <a_n, b_n>
        contrast   = rho mean_n a_n^T C a_n

    (section 3, https://arxiv.org/abs/2206.10698; there is no code of the authors, lightly's
    `TiCoLoss` has this gradient, sayannag/TiCo-pytorch also that of A^T A in C). In the paper the
    other view is of a momentum encoder; here it is of the network that is trained, as everywhere in
    this family, and has its gradient. The memory, (D, D), is the price of this loss, which has no
    Gram form: it is moved in place, saved with the model, and stands still in eval mode.

    Args:
        dimensions: D, which `mmbarlow.CriterionHead` gives; 256 as published.
        rho, beta: 8 and 0.9 as published.
    """

    covariance: Tensor

    def __init__(self, dimensions: int, rho: float = 8.0, beta: float = 0.9) -> None:
        super().__init__()
        self.dimensions, self.rho, self.beta = dimensions, rho, beta
        self.register_buffer('covariance', torch.zeros(dimensions, dimensions))

    def of_batch(self, views: list[Tensor]) -> dict[str, Tensor]:
        first, *others = [F.normalize(z) for z in views]
        fixed, N = first.detach(), len(first)
        memory = self.covariance.to(fixed)
        if not self.training:
            memory = memory.clone()
        memory.mul_(self.beta).addmm_(fixed.T, fixed, alpha=(1 - self.beta) / N)
        if self.training:
            self.covariance = memory
        pull_ND = fixed @ memory
        cosines = [(first * z).sum() / N for z in others]
        # Of value a^T C a with the gradient 2 C a, without keeping C, which the next step moves.
        contrast = (pull_ND * (2 * first - fixed)).sum() / N
        return dict(invariance=1 - torch.stack(cosines).mean(), contrast=self.rho * contrast)
