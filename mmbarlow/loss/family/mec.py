"""MEC: maximum entropy coding."""

from itertools import combinations

import torch
from torch import Tensor

from .loss_of_views import LossOfViews
from .products import cosine_product, mean_cosine, row_norms


class MECLoss(LossOfViews):
    """Maximizes the coding length of the embeddings (Liu et al., NeurIPS 2022).

    With the rows of each view divided by their norms and C = lambda A B^T, (N, N),

        L = mean over pairs of  -1 / (lambda N) sum_{k = 1}^{order} (-1)^{k + 1} / k tr(C^k)

    which is log det(I + C) but for the rest of its series (equations 2 to 5; `main_pretrain.py` of
    xinliu20/MEC, https://arxiv.org/abs/2210.11464, whose weight this is). tr((A B^T)^k) =
    tr((B^T A)^k), of which the smaller matrix is built; a trace of a product needs no product.
    `loss_alignment` is the first order, minus the mean cosine, `loss_coding` the others.

    The authors take the other view from a momentum encoder, after a predictor: here both are of the
    one network that is trained (Siamese form, section 3.2). The series converges for
    lambda < 1 / ||A B^T||, so they begin with an eighth of lambda.

    Args:
        eps: of lambda = D / (N eps), the square of the distortion times D; 64 as published.
        order: of the series, 4 as published.
        form: see `LossOfViews`.
    """

    def __init__(self, eps: float = 64.0, order: int = 4, form: str = 'auto') -> None:
        super().__init__(form)
        self.eps, self.order = eps, order

    def of_batch(self, views: list[Tensor]) -> dict[str, Tensor]:
        N, D = views[0].shape
        lambd, gram = D / (N * self.eps), self.takes_gram(views[0])
        pairs = list(combinations([(z, row_norms(z)) for z in views], 2))
        cosines = [mean_cosine(a, b) for a, b in pairs]
        products = [lambd * cosine_product(a, b, gram) for a, b in pairs]
        coding = torch.stack([self._higher_orders(c) for c in products]).mean()
        return dict(alignment=-torch.stack(cosines).mean(), coding=-coding / (lambd * N))

    def _higher_orders(self, c: Tensor) -> Tensor:
        powers = [c]
        while 2 * len(powers) < self.order:
            powers.append(powers[-1] @ c)
        orders = range(2, self.order + 1)
        # tr(C^k) from C^i and C^(k - i)
        traces = {k: (powers[(k + 1) // 2 - 1] * powers[k // 2 - 1].T).sum() for k in orders}
        return sum([(-1) ** (k + 1) / k * trace for k, trace in traces.items()], c.new_zeros(()))
