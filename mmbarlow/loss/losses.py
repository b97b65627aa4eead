"""The Barlow Twins loss, from the embeddings of two views to L (Zbontar et al., ICML 2021).

Shapes: N samples in the global batch, n of them in this process, D embedding dimensions; z raw
embeddings, a and b the standardized ones of the two views. This file is the loss as one reads it,
and autograd derives its gradient. `direct.py` and `gram.py` compute the same two numbers with
gradients by hand, in a fraction of the time and memory; `criterion.py` picks one.
"""

import torch
from torch import Tensor

from .distributed import total
from .global_batch import GlobalBatch

EPS = 1e-5  # added to every variance, as in batch norm


def standardize(z_nD: Tensor, batch: GlobalBatch) -> Tensor:
    """Zero mean and unit variance for each dimension, over all N samples of the global batch.

    The affine-free batch norm of the official code: biased variance, and `EPS` keeps a constant
    dimension at zero instead of NaN. Two passes, because the one-pass E[z^2] - E[z]^2 loses
    everything when the mean is large.
    """
    centered_nD = z_nD - total(z_nD.sum(0)) / batch.N
    variance_D = total(centered_nD.square().sum(0)) / batch.N
    return centered_nD * torch.rsqrt(variance_D + EPS)


def cross_correlation(z_a_nD: Tensor, z_b_nD: Tensor, batch: GlobalBatch) -> Tensor:
    """C_ij = sum over the batch of a_i b_j / N, shape (D, D), entries in [-1, 1] (section 2.1).

    In fp32 (fp64 stays fp64) with autocast off: near 1, bf16 numbers are 2^-8 apart, and
    (1 - C_ii)^2 would be noise.
    """
    with torch.autocast(z_a_nD.device.type, enabled=False):
        a_nD, b_nD = (standardize(at_least_fp32(z), batch) for z in (z_a_nD, z_b_nD))
        return total(a_nD.T @ b_nD) / batch.N


def terms(c_DD: Tensor, lambd: float) -> tuple[Tensor, Tensor]:
    """Invariance sum_i (1 - C_ii)^2 and redundancy lambda sum_{i != j} C_ij^2; their sum is L."""
    invariance = (1 - c_DD.diagonal()).square().sum()
    redundancy = c_DD.clone().fill_diagonal_(0).square().sum()
    return invariance, lambd * redundancy


def loss_floor(N: int, D: int, lambd: float) -> float:
    """The least value the loss can take with N samples in D dimensions.

    rank(C) <= N - 1, so with N <= D the off-diagonal energy cannot vanish:
    L >= D K / (D + K) with K = lambda (D^2 / (N - 1) - D). For D = 8192 that is 124 at N = 2048
    and 1122 at N = 256: a loss of 1100 on a small batch is no failure.
    """
    K = max(0.0, lambd * (D * D / (N - 1) - D))
    return D * K / (D + K)


def at_least_fp32(z: Tensor) -> Tensor:
    return z if z.dtype == torch.float64 else z.float()
