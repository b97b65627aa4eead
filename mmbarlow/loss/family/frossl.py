"""FroSSL: the logarithm of a Frobenius norm."""

import torch
from torch import Tensor
from torch.nn import functional as F

from .loss_of_views import LossOfViews
from .spread import Spread


class FroSSLLoss(LossOfViews):
    """Makes the eigenvalues of each view's covariance equal by its norm (Skean et al., ECCV 2024).

    With the columns of each view divided by their norms, Z (N, D), and M the mean of all V views,

        invariance = weight D V sum over views of mean_nd (z_nd - m_nd)^2
        entropy    = sum over views of log ||Z^T Z / tr(Z^T Z)||^2

    (`multiview_frossl_loss_func` of OFSkean/FroSSL,
    https://arxiv.org/abs/2310.02903). ||Z^T Z|| = ||Z Z^T||, of which the smaller is built, as in
    that code. The trace, which is D without dead dimensions, has no gradient there and here. The
    columns are not centered: a projector that ends with batch norm does that.

    Args:
        weight: of the invariance; 1 as published, 2 for ImageNet.
        form: see `LossOfViews`.
    """

    def __init__(self, weight: float = 1.0, form: str = 'auto') -> None:
        super().__init__(form)
        self.weight = weight

    def of_batch(self, views: list[Tensor]) -> dict[str, Tensor]:
        normalized = [F.normalize(z, dim=0) for z in views]
        products = [self.product(z) for z in normalized]
        entropies = [2 * (torch.linalg.matrix_norm(k) / k.detach().trace()).log() for k in products]
        spread = Spread.apply(*normalized) / len(views[0])
        return dict(
            invariance=self.weight * len(views) * spread, entropy=torch.stack(entropies).sum()
        )
