"""Whitening by the Cholesky factor of the covariance."""

import torch
from torch import Tensor

from ..errors import refuse_numbers
from .products import in_fp64

SINGULAR = 1e-12  # share of a dimension's variance that the dimensions before it leave over


def whitened(z_ND: Tensor, eps: float) -> Tensor:
    """Rows without their mean and covariance, (N, D) in fp64: it may be all but singular.

    Args:
        z_ND: more rows than columns, unless eps > 0.
        eps: the covariance becomes (1 - eps) of itself and eps of the identity.

    Raises:
        InputError: it is singular.
    """
    z_ND = in_fp64(z_ND)
    centered_ND = z_ND - z_ND.mean(0)
    covariance_DD = centered_ND.T @ centered_ND / (len(z_ND) - 1)
    shrunk_DD = covariance_DD.lerp(torch.eye(z_ND.shape[1]).to(z_ND), eps)
    factor_DD, failed = torch.linalg.cholesky_ex(shrunk_DD)
    # Of a dimension that others say, rounding leaves a rest of either sign.
    rest_D = factor_DD.diagonal().square()
    if failed or (rest_D <= SINGULAR * shrunk_DD.diagonal()).any():
        refuse_numbers(
            'the covariance of the embeddings is singular, so that nothing whitens them: set eps '
            'of WMSELoss to 0.001 or so, or fewer dimensions.'
        )
    return torch.linalg.solve_triangular(factor_DD, centered_ND.T, upper=False).T
