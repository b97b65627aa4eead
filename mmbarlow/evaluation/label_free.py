"""What embeddings say of their quality without labels: RankMe, alpha-ReQ, LiDAR, dead dimensions.

Shapes: N images, V views of each, D dimensions. All is computed in float64 from numbers of any type
and on any device. NaN or Inf among them makes the answer NaN, as does what cannot be answered.
"""

import math

import torch
from torch import Tensor

EPSILON = 1e-7  # on the shares of RankMe, see `smooth_rank`
LIDAR_EPSILON = 1e-8
DELTA = 1e-4  # on the diagonal of LiDAR's within-class covariance
FIT = (4, 100)  # first and last rank of the eigenvalues that alpha-ReQ's line is fitted to
FEWEST = 8  # eigenvalues in that range; with fewer, the line is fitted to all of them
DEAD = 1e-5  # variance, the eps of the loss (`mmbarlow.loss.standardize`)


def rankme(x_ND: Tensor) -> float:
    """RankMe (Garrido et al., ICML 2023, https://arxiv.org/abs/2210.02885).

    exp(-sum_k p_k log p_k) with p_k = s_k / |s|_1 + 1e-7 and s the singular values of x, which is
    not centered. From 1 to min(N, D); 0 where x is 0. The paper takes 25,600 images, so that N
    bounds nothing: a RankMe of few images compares with those of as many alone.
    """
    x = _matrix(x_ND)
    return smooth_rank(torch.linalg.svdvals(x)) if _usable(x) else math.nan


def alpha_req(x_ND: Tensor) -> float:
    """Alpha of alpha-ReQ (Agrawal et al., NeurIPS 2022): lambda_k ~ k^-alpha.

    lambda_k are the eigenvalues of the covariance of x, see `power_law`. Good representations have
    an alpha near 1 in the paper. NaN for fewer than three directions.
    """
    x = _matrix(x_ND)
    if not _usable(x):
        return math.nan
    return power_law(torch.linalg.svdvals(x - x.mean(0)).square() / len(x))


def lidar(x_NVD: Tensor, delta: float = DELTA) -> float:
    """LiDAR (Thilak et al., ICLR 2024, https://arxiv.org/abs/2312.04000, equations 1 to 4).

    The smooth rank of S_w^-1/2 S_b S_w^-1/2: each image is a class, S_b is the covariance of the
    class means and S_w = mean over images and views of (x - mean)(x - mean)^T, plus `delta` on the
    diagonal. The paper calls `delta` and what is added to the shares small constants; 1e-4 and 1e-8
    are those of stable-pretraining. From 1 to min(N - 1, D); 0 where the images do not differ.

    The paper takes 1000 images of 50 views. Two views are the least, and S_w then has a rank of at
    most N: in the D - N directions that it does not see, only `delta` is left to divide by, and
    they dominate. With N < D a LiDAR of two views compares with those of as many images alone.

    Raises:
        ValueError: x is not (N, V, D) with V >= 2.
    """
    if x_NVD.ndim != 3 or x_NVD.shape[1] < 2:
        raise ValueError(f'LiDAR takes (N, V, D) with V >= 2 views, not {tuple(x_NVD.shape)}.')
    N, V, D = x_NVD.shape
    x = _matrix(x_NVD.flatten(0, 1))
    if not _usable(x):
        return math.nan
    if D > N * V:  # in the basis of the space that x spans; outside S_b is 0
        x = torch.linalg.qr(x.T, mode='r').R.T
    x = x.unflatten(0, (N, V))
    means = x.mean(1)
    within, means = (x - means[:, None]).flatten(0, 1), means - means.mean(0)
    s_w = within.T @ within / (N * V)
    s_w.diagonal().add_(delta)
    # With S_w = L L^T, L^-1 S_b L^-T has the eigenvalues of S_w^-1/2 S_b S_w^-1/2.
    whitened = torch.linalg.solve_triangular(torch.linalg.cholesky(s_w), means.T, upper=False)
    return smooth_rank(torch.linalg.svdvals(whitened).square() / N, LIDAR_EPSILON)


def dead_dimensions(x_ND: Tensor) -> int | float:
    """Dimensions whose variance over the images is at most 1e-5, NaN where x holds NaN or Inf.

    That is the eps of the loss, which adds it to the variance that it divides by: of such a
    dimension no C_ii can be above 1/2, however alike the views are.
    """
    x = _matrix(x_ND)
    return int(dead(x).sum()) if _usable(x) else math.nan


def dead(x_ND: Tensor) -> Tensor:
    """Which dimensions `dead_dimensions` counts, (D,), of x in any floating-point type."""
    return x_ND.var(0, correction=0) <= DEAD


def smooth_rank(values: Tensor, epsilon: float = EPSILON) -> float:
    """exp of the entropy of values >= 0 over their sum plus epsilon, which keeps log from 0.

    0 where all values are 0; NaN where one is not finite.
    """
    values = values.double()
    total = values.sum()
    if not total > 0:
        return 0.0 if total == 0 else math.nan
    return float(torch.special.entr(values / total + epsilon).sum().exp())


def power_law(eigenvalues: Tensor) -> float:
    """alpha of the line log lambda_k = c - alpha log k that fits eigenvalues >= 0 best.

    As in the authors' code (github.com/kumarkrishna/fastssl), which has it from Stringer et al.
    (Nature 2019), rank k counts with weight 1/k. The paper names no ranks, and the code has several
    ranges: this is that of its linear evaluation, ranks 4 to 100. Of fewer than 11 eigenvalues, all
    of them. What rounding in fp32 can have left is no eigenvalue. NaN for fewer than three.
    """
    values = eigenvalues.double().sort(descending=True).values
    if not len(values) or not values.isfinite().all():
        return math.nan
    rounding = torch.finfo(torch.float32).eps ** 2 * len(values)
    values = values[values > values[0] * rounding]
    first, last = FIT
    if len(values) < first - 1 + FEWEST:
        first = 1
    if len(values) < 3:
        return math.nan
    y = values[first - 1 : last].log()
    k = torch.arange(first, first + len(y), dtype=y.dtype, device=y.device)
    weight = (1 / k) / (1 / k).sum()
    x = k.log() - (weight * k.log()).sum()
    return -float((weight * x * y).sum() / (weight * x * x).sum())


def _matrix(x: Tensor) -> Tensor:
    return x.detach().cpu().double() if x.device.type == 'mps' else x.detach().double()


def _usable(x_ND: Tensor) -> bool:
    return x_ND.numel() > 0 and bool(x_ND.isfinite().all())
