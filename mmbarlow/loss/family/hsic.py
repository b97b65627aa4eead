"""HSIC: Barlow Twins with -1 off the diagonal."""

from itertools import combinations

import torch
from torch import Tensor
from torch.nn import functional as F

from ..losses import EPS
from .loss_of_views import LossOfViews


class HSICLoss(LossOfViews):
    """Pulls what is off the diagonal of the cross-correlation matrix to -1 (Tsai et al., 2021).

        L = mean over pairs of  sum_i (1 - C_ii)^2 + lambda sum_{i != j} (1 + C_ij)^2

    with C as in `mmbarlow.loss.losses` (section 3; `main.py --corr_neg_one` of
    yaohungt/Barlow-Twins-HSIC, https://arxiv.org/abs/2104.13712). That code divides by the unbiased
    deviation, without an eps, and C by N, so that its C_ii ends at (N - 1) / N. Without C itself,

        sum_ij (1 + C_ij)^2 = <A A^T, B B^T> / N^2 + 2 / N <sum_i a_i, sum_j b_j> + D^2

    Args:
        lambd: weight of the second term; by default 1 / D, which is the published 0.0078125 at the
            published D of 128.
        form: see `LossOfViews`.
    """

    def __init__(self, lambd: float | None = None, form: str = 'auto') -> None:
        super().__init__(form)
        self.lambd = lambd

    def of_batch(self, views: list[Tensor]) -> dict[str, Tensor]:
        N, D = views[0].shape
        standardized = [F.batch_norm(z, None, None, training=True, eps=EPS) for z in views]
        pairs = list(combinations(range(len(views)), 2))
        c_PD = torch.stack([(standardized[a] * standardized[b]).sum(0) / N for a, b in pairs])
        if self.takes_gram(views[0]):
            grams, sums = [z @ z.T for z in standardized], [z.sum(1) for z in standardized]
            squares = [
                (grams[a] * grams[b]).sum() / N**2 + 2 * (sums[a] @ sums[b]) / N + D**2
                for a, b in pairs
            ]
        else:
            squares = [
                (1 + standardized[a].T @ standardized[b] / N).square().sum() for a, b in pairs
            ]
        energy = (torch.stack(squares).sum() - (1 + c_PD).square().sum()) / len(pairs)
        return dict(
            invariance=(1 - c_PD).square().sum() / len(pairs),
            redundancy=(1 / D if self.lambd is None else self.lambd) * energy,
        )
