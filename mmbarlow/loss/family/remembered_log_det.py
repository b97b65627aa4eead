"""The log-determinant of a covariance that forgets slowly."""

import math

import torch
from torch import Tensor, nn

from .products import in_fp64


class RememberedLogDet(nn.Module):
    """log det(R + eps I) of R = f R + (1 - f) (Z - m)^T (Z - m) / N, m = f m + (1 - f) mean(Z).

    R starts as the identity, m as 0; both are constants to the next step's gradient, saved with the
    model, and stand still in eval mode. With f = 0 neither is kept.
    """

    mean: Tensor
    covariance: Tensor

    def __init__(self, dimensions: int, forgetting: float, eps: float) -> None:
        super().__init__()
        self.forgetting, self.eps = forgetting, eps
        self.register_buffer('mean', torch.zeros(dimensions) if forgetting else None)
        self.register_buffer('covariance', torch.eye(dimensions) if forgetting else None)

    def forward(self, z_ND: Tensor, gram: bool) -> Tensor:
        """A scalar in fp64; `gram`, without a memory: by the matrix (N, N)."""
        z_ND, f = in_fp64(z_ND), self.forgetting
        (N, D), mean = z_ND.shape, (1 - f) * z_ND.mean(0)
        if f:
            mean = mean + f * self.mean.to(mean)
        part_ND = (z_ND - mean) * math.sqrt((1 - f) / N)
        if gram:
            return self._log_det(part_ND @ part_ND.T) + (D - N) * math.log(self.eps)
        r_DD = part_ND.T @ part_ND
        if f:
            r_DD = r_DD + f * self.covariance.to(mean)
            if self.training:
                self.mean.copy_(mean.detach())
                self.covariance.copy_(r_DD.detach())
        return self._log_det(r_DD)

    def _log_det(self, product: Tensor) -> Tensor:
        return torch.logdet(product + self.eps * torch.eye(len(product)).to(product))
