"""VNE: the von Neumann entropy of the embeddings."""

import math
from itertools import combinations

import torch
from torch import Tensor

from .loss_of_views import LossOfViews
from .products import cosine_product, eigenvalues, in_fp64, mean_cosine, row_norms


class VNELoss(LossOfViews):
    """Aligns the views and raises the von Neumann entropy of each (I-VNE+; Kim et al., CVPR 2023).

    With the rows of each view divided by their norms, Z (N, D), and the eigenvalues p of
    Z^T Z / N, which are those of Z Z^T / N and zeros,

        alignment = -alpha_1 mean over pairs of mean_n <a_n, b_n>
        entropy   = -alpha_2 mean over views of -sum_k p_k log p_k

    (sections 3 and 5.3; `get_vne` and `train_ivne_imagenet100.py` of jaeill/CVPR23-VNE,
    https://arxiv.org/abs/2304.01434). The authors' pairs are those with a global view in them.

    Args:
        alpha_1: by default log N, as the published 4.16 is of N = 64.
        alpha_2: 1 as published.
        form: see `LossOfViews`.
    """

    def __init__(
        self, alpha_1: float | None = None, alpha_2: float = 1.0, form: str = 'auto'
    ) -> None:
        super().__init__(form)
        self.alpha_1, self.alpha_2 = alpha_1, alpha_2

    def of_batch(self, views: list[Tensor]) -> dict[str, Tensor]:
        N, gram = len(views[0]), self.takes_gram(views[0])
        normed = [(z, row_norms(z)) for z in views]
        cosines = [mean_cosine(a, b) for a, b in combinations(normed, 2)]
        spectra = [eigenvalues(in_fp64(cosine_product(z, z, gram) / N)) for z in normed]
        alpha_1 = math.log(N) if self.alpha_1 is None else self.alpha_1
        return dict(
            alignment=-alpha_1 * torch.stack(cosines).mean(),
            entropy=-self.alpha_2 * torch.special.entr(torch.stack(spectra)).sum() / len(views),
        )
