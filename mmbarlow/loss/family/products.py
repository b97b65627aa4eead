"""What several members of the family take from a Gram matrix."""

import torch
from torch import Tensor

from ..fp64 import has_fp64


def in_fp64(x: Tensor) -> Tensor:
    """In fp64, on the CPU where the device of `x` has none."""
    return (x if has_fp64(x) else x.cpu()).double()


def row_norms(z_ND: Tensor) -> Tensor:
    """(N,), not under that of `torch.nn.functional.normalize`.

    What is divided by them is divided after the product where that is (N, N), so that no copy of
    the embeddings with rows on the unit sphere is held.
    """
    return torch.linalg.vector_norm(z_ND, dim=1).clamp(min=1e-12)


def cosine_product(a: tuple[Tensor, Tensor], b: tuple[Tensor, Tensor], gram: bool) -> Tensor:
    """A B^T or A^T B of views, each with its `row_norms`, whose rows are on the unit sphere."""
    (z_a, norms_a), (z_b, norms_b) = a, b
    if gram:
        return z_a @ z_b.T / (norms_a[:, None] * norms_b)
    return (z_a / norms_a[:, None]).T @ (z_b / norms_b[:, None])


def mean_cosine(a: tuple[Tensor, Tensor], b: tuple[Tensor, Tensor]) -> Tensor:
    """Over the samples of two views, each with its `row_norms`."""
    return ((a[0] * b[0]).sum(1) / (a[1] * b[1])).mean()


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
