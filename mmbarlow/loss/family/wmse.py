"""W-MSE: distances between whitened embeddings."""

from itertools import combinations

import torch
from torch import Tensor
from torch.nn import functional as F

from ..errors import InputError
from .drawing_loss import DrawingLoss
from .whitening import whitened


class WMSELoss(DrawingLoss):
    """Aligns views that are whitened first, so that they cannot collapse (Ermolov et al., 2021).

        L = mean over draws and pairs of  2 - 2 mean_n cos(L_a^-1 (a_n - mean), L_b^-1 (b_n - mean))

    where L L^T, by Cholesky, is the covariance over N - 1 of a view in a slice of the batch, which
    is cut at random anew in each draw (section 3; `w_mse.py` and `whitening.py` of
    htdt/self-supervised, https://arxiv.org/abs/2007.06346). A slice has to hold more samples than
    D; twice as many as published.

    Args:
        size: least samples of a slice, 128 as published with D = 64; None: all in one.
        draws: 1 as published for CIFAR-10; 4 for STL-10.
        eps: of `whitened`, 0 as published.
        seed: see `DrawingLoss`.
    """

    def __init__(
        self, size: int | None = 128, draws: int = 1, eps: float = 0.0, seed: int = 0
    ) -> None:
        super().__init__(seed)
        self.size, self.draws, self.eps = size, draws, eps

    def of_batch(self, views: list[Tensor]) -> dict[str, Tensor]:
        N, D = views[0].shape
        slices = max(1, N // (self.size or N))
        if N // slices <= D and not self.eps:
            raise InputError(
                f'whitening {D} dimensions takes more than {D} samples, and a slice has '
                f'{N // slices} of {N}: take a larger batch or size of WMSELoss, fewer dimensions '
                '(out_channels of the neck and in_channels of the head), or an eps above 0.'
            )
        generator = self.generator(torch.device('cpu'))
        losses = []
        for _ in range(self.draws):
            order_N = torch.randperm(N, generator=generator).to(views[0].device)
            for rows in order_N.tensor_split(slices):
                white = [F.normalize(whitened(z[rows], self.eps)) for z in views]
                cosines = [(a * b).sum() for a, b in combinations(white, 2)]
                losses.append(2 * len(rows) - 2 * torch.stack(cosines).mean())
        return dict(invariance=torch.stack(losses).sum() / (self.draws * N))
