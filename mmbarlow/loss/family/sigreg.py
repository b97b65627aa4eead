"""SIGReg: every projection of the embeddings a standard normal (LeJEPA)."""

import torch
from torch import Tensor

from .drawing_loss import DrawingLoss
from .epps_pulley import EppsPulley
from .spread import Spread


class SIGRegLoss(DrawingLoss):
    """Makes the embeddings an isotropic Gaussian (LeJEPA; Balestriero and LeCun, 2025).

    With the mean of an image's views as a row of M,

        invariance = (1 - lambda) mean over views of mean_nd (z_nd - m_nd)^2
        gaussian   = lambda mean over views and directions u of EppsPulley(Z u)

    with unit vectors u that are drawn anew in each step, the same for all views and processes
    (algorithms 1 and 2; `MINIMAL.md` of rbalestr-lab/lejepa, https://arxiv.org/abs/2511.08544,
    which draws others on each process). Nothing of it grows with D^2 or N^2.

    Args:
        lambd: 0.02 as in MINIMAL.md.
        directions: 256 as there.
        seed: see `DrawingLoss`.
    """

    def __init__(self, lambd: float = 0.02, directions: int = 256, seed: int = 0) -> None:
        super().__init__(seed)
        self.lambd, self.directions = lambd, directions

    def of_batch(self, views: list[Tensor]) -> dict[str, Tensor]:
        first, D = views[0], views[0].shape[1]
        distance = Spread.apply(*views) / (len(views) * first.numel())
        drawn = torch.empty(D, self.directions, dtype=first.dtype, device=first.device)
        u_DK = drawn.normal_(generator=self.generator(first.device))
        u_DK /= u_DK.norm(dim=0)
        statistics = torch.stack([EppsPulley.apply(z @ u_DK).mean() for z in views])
        return dict(
            invariance=(1 - self.lambd) * distance,
            gaussian=self.lambd * statistics.mean(),
        )
