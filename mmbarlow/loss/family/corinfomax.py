"""CorInfoMax: the log-determinant of a covariance that is remembered."""

from itertools import combinations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import InputError
from .loss_of_views import LossOfViews
from .remembered_log_det import RememberedLogDet


class CorInfoMaxLoss(LossOfViews):
    """Spreads the embeddings in all dimensions and aligns them (Ozsoy et al., NeurIPS 2022).

    With rows divided by their norms, and for each view the covariance R of this batch and, with the
    weight f, of those before,

        invariance = weight mean over pairs of mean_nd (a_nd - b_nd)^2
        log_det    = -2 / D mean over views of log det(R + eps I)

    (section 3; `loss.py` of serdarozsoy/corinfomax-ssl, https://arxiv.org/abs/2209.07999, with its
    numbers for CIFAR-10, D = 64). The memory is V matrices (D, D). Without it, f = 0, the Gram form
    has none: det(Z^T Z + eps I) = det(Z Z^T + eps I) eps^(D - N).

    Args:
        dimensions: D, which `mmbarlow.CriterionHead` gives.
        weight: 250 as published; 1000 for CIFAR-100.
        forgetting, eps: f and eps, 0.01 and 1e-8 as published.
        views: V, which the memory is for.
        form: see `LossOfViews`; with a memory it is 'direct'.
    """

    def __init__(
        self,
        dimensions: int,
        weight: float = 250.0,
        forgetting: float = 0.01,
        eps: float = 1e-8,
        views: int = 2,
        form: str = 'auto',
    ) -> None:
        super().__init__('direct' if forgetting else form)
        self.dimensions, self.weight = dimensions, weight
        self.memories = nn.ModuleList(
            RememberedLogDet(dimensions, forgetting, eps) for _ in range(views)
        )

    def of_batch(self, views: list[Tensor]) -> dict[str, Tensor]:
        known, V, D = len(self.memories), len(views), views[0].shape[1]
        if known != V:
            raise InputError(f'CorInfoMaxLoss is for {known} views, got {V}: set its views={V}.')
        normalized, gram = [F.normalize(z) for z in views], self.takes_gram(views[0])
        distances = [F.mse_loss(a, b) for a, b in combinations(normalized, 2)]
        found = [of(z, gram) for of, z in zip(self.memories, normalized, strict=True)]
        return dict(
            invariance=self.weight * torch.stack(distances).mean(),
            log_det=-2 / D * torch.stack(found).mean(),
        )
