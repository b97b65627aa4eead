"""MMCR: maximum manifold capacity representations."""

import torch
from torch import Tensor

from .exact_gram import ExactGram
from .loss_of_views import LossOfViews
from .products import eigenvalues, in_fp64, row_norms


class MMCRLoss(LossOfViews):
    """Maximizes the nuclear norm of the images' centroids (Yerxa et al., NeurIPS 2023).

    With the rows of each view divided by their norms, and the mean of an image's V views as a row
    of M, (N, D),

        centroids = -||M||_*          manifolds = weight / N sum over images of ||Z_n||_*

    where Z_n, (V, D), are the views of an image and ||.||_* is the sum of the singular values
    (section 2; `loss_mmcr.py` of ThomasYerxa/mmcr, https://arxiv.org/abs/2303.03307). They are the
    roots of the eigenvalues of M M^T or of M^T M, which lose half of the digits on the way: these
    are built in fp64. For ImageNet the authors add the centroids of a momentum encoder.

    Args:
        weight: of the second term; 0 as published, where it is left out.
        form: see `LossOfViews`.
    """

    def __init__(self, weight: float = 0.0, form: str = 'auto') -> None:
        super().__init__(form)
        self.weight = weight

    def of_batch(self, views: list[Tensor]) -> dict[str, Tensor]:
        shares = [1 / (len(views) * row_norms(z)[:, None]) for z in views]
        mean_ND = views[0] * shares[0]
        for z, share in zip(views[1:], shares[1:], strict=True):
            mean_ND = torch.addcmul(mean_ND, z, share)
        product = ExactGram.apply(mean_ND if self.takes_gram(mean_ND) else mean_ND.T)
        terms = dict(centroids=-eigenvalues(product).sqrt().sum())
        if self.weight:
            z_NVD = in_fp64(torch.stack([z / row_norms(z)[:, None] for z in views], 1))
            own_NV = eigenvalues(z_NVD @ z_NVD.mT).sqrt()
            terms['manifolds'] = self.weight * own_NV.sum() / len(own_NV)
        return terms
