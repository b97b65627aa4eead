"""The Barlow Twins loss as algebra: torch only, no registry, no runner.

Shapes: N samples in the global batch, n of them in this process, D embedding dimensions;
z raw embeddings, a and b the standardised ones of the two views, c the diagonal of C.
`total` sums a tensor over all processes; with one process it is the identity.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

Total = Callable[[Tensor], Tensor]
EPS = 1e-5  # added to every variance, as in batch norm
BLOCK = 2**20  # numbers in a temporary tensor that stays in the cache
OVERHEAD = 2.5e7  # measured on one CPU core: 0.4 ms


def standardize(z_nD: Tensor, N: int, total: Total) -> Tensor:
    """Zero mean and unit variance for each dimension, over all N samples of the global batch.

    The affine-free batch norm of the official code: biased variance, and `EPS` keeps a constant
    dimension at zero instead of NaN. Two passes, because the one-pass E[z^2] - E[z]^2 loses
    everything when the mean is large.
    """
    centred_nD = z_nD - total(z_nD.sum(0)) / N
    variance_D = total(centred_nD.square().sum(0)) / N
    return centred_nD * torch.rsqrt(variance_D + EPS)


def cross_correlation(z_a_nD: Tensor, z_b_nD: Tensor, N: int, total: Total) -> Tensor:
    """C_ij = sum over the batch of a_i b_j / N, shape (D, D), entries in [-1, 1] (section 2.1)."""
    a_nD, b_nD = standardize(z_a_nD, N, total), standardize(z_b_nD, N, total)
    return total(a_nD.T @ b_nD) / N


def loss_floor(N: int, D: int, lambd: float) -> float:
    """The least value the loss can take with N samples in D dimensions.

    rank(C) <= N - 1, so with N <= D the off-diagonal energy cannot vanish:
    L >= D K / (D + K) with K = lambd (D^2 / (N - 1) - D). For D = 8192 that is 124 at N = 2048
    and 1122 at N = 256: a loss of 1100 on a small batch is no failure.
    """
    K = max(0.0, lambd * (D * D / (N - 1) - D))
    return D * K / (D + K)


def cheaper_form(N: int, D: int, world_size: int) -> str:
    """'gram' or 'direct', whichever takes fewer operations; the same on every process.

    Three products of 2 n D D against four of 2 n N D. One process builds only the upper half of
    the two symmetric ones, in block triangles, which leaves about 6.4 n N D, and has the small
    operations of Gram on top, which take as long as `OVERHEAD` operations of a product. Where
    that is less than direct's, Gram sends and keeps fewer numbers too, and its one subtraction,
    sum C_ij^2 - sum C_ii^2, is harmless (docs/loss.md).
    """
    if world_size == 1:
        return 'gram' if 6.4 * N * N * D + OVERHEAD < 6 * N * D * D else 'direct'
    return 'gram' if 8 * N < 6 * D else 'direct'


def blocks(length: int, width: int, target: int = BLOCK, least: int = 256) -> Iterator[slice]:
    """Slices of a range of `length`, of about `target` numbers when each step holds `width`.

    Temporary tensors of this size stay in the cache; `least` keeps products efficient.
    """
    step = max(least, target // max(width, 1))
    return (slice(i, min(i + step, length)) for i in range(0, length, step))
