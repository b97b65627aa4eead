"""What several members of the family take from a Gram matrix."""

import torch
from torch import Tensor

from ..fp64 import has_fp64


def in_fp64(x: Tensor) -> Tensor:
    """In fp64, on the CPU where the device of `x` has none."""
    return (x if has_fp64(x) else x.cpu()).double()


def eigenvalues(product: Tensor) -> Tensor:
    """Of a Gram matrix, (..., M, M), in fp64.

    Rounding errors in the place of 0 become almost 0, and have no gradient: that of the root or the
    logarithm of 0 is infinite.
    """
    # LAPACK refuses NaN, which has to come through to who looks for it in the loss.
    found = torch.linalg.eigvalsh(product.nan_to_num(0, 0, 0)) + 0 * product.detach().sum()
    fp64 = torch.finfo(torch.float64)
    least = product.shape[-1] * fp64.eps * found.detach()[..., -1:]
    return torch.where(found <= least, fp64.tiny, found)
