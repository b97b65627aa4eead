"""The spectra of a batch: small sums on the device, from which the host reckons the values.

Shapes: n images, V views of each (one or two), D dimensions; side = V n.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from mmbarlow.evaluation.label_free import DEAD, DELTA, LIDAR_EPSILON, power_law, smooth_rank
from mmbarlow.loss.fp64 import has_fp64
from mmbarlow.loss.losses import EPS

CHUNK = 1024  # dimensions in float64 at a time: 512 rows of them take 4 MB


class Sums(NamedTuple):
    """Of vectors x: whatever their D, they are small.

    gram: x x^T over all rows, the first view's before the second's, (side, side), float64.
    facts: dead dimensions of the first view and, of two views, the mean of C_ii and the root mean
        square of C_ij, i != j, (3,), float64; NaN for one view.
    views: V.
    dimensions: D.
    """

    gram: Tensor
    facts: Tensor
    views: int
    dimensions: int


class Spectrum(NamedTuple):
    """values: by name, NaN where there is none; singular: of the first view, the largest first."""

    values: dict[str, float]
    singular: list[float]


@torch.no_grad()
def sums_of(views: list[Tensor]) -> Sums:
    """The sums of one view or two, (n, D) each, of any floating-point type, without waiting."""
    views = views if has_fp64(views[0]) else [x.cpu() for x in views]
    V, (n, D) = len(views), views[0].shape
    zeros = views[0].new_zeros
    gram = zeros(V * n, V * n, dtype=torch.float64)
    standard = zeros(V, n, n, dtype=torch.float64)  # the Gram matrix of each standardized view
    dead, diagonal, squares = zeros(3, dtype=torch.float64).unbind()
    with torch.autocast(views[0].device.type, enabled=False):
        for parts in zip(*(x.split(CHUNK, 1) for x in views), strict=True):
            x_VnD = torch.stack(parts).double()
            rows = x_VnD.flatten(0, 1)
            gram += rows @ rows.T
            x_VnD -= x_VnD.mean(1, keepdim=True)
            variance = x_VnD.square().mean(1, keepdim=True)
            dead += (variance[0] <= DEAD).sum()
            if V == 2:
                x_VnD *= (variance + EPS).rsqrt()
                standard += x_VnD @ x_VnD.mT
                c_ii = (x_VnD[0] * x_VnD[1]).mean(0)
                diagonal += c_ii.sum()
                squares += c_ii.square().sum()
        # |C|^2 is the product of both Gram matrices: see mmbarlow.loss.gram.
        energy = (standard[0] * standard[-1]).sum() / n**2 - squares
        rest = (energy.clamp_min(0) / max(1, D * (D - 1))).sqrt()
        nan = torch.full_like(rest, math.nan)
        facts = torch.stack([dead, *((diagonal / D, rest) if V == 2 else (nan, nan))])
    return Sums(gram, facts, V, D)


def read_spectrum(sums: Sums) -> Spectrum:
    """What the sums, on the host, say. A batch with NaN or Inf has nothing but NaN to say."""
    n = len(sums.gram) // sums.views
    most = min(n, sums.dimensions)
    names: tuple[str, ...] = ('dead', 'rankme', 'alpha', 'lidar', 'diagonal', 'off_diagonal')
    if not sums.gram.isfinite().all():
        return Spectrum(dict.fromkeys(names, math.nan), [])
    first = sums.gram[:n, :n]
    singular = largest(first, most).sqrt()
    rank, alpha = smooth_rank(singular), power_law(largest(centered_gram(first), most) / n)
    lda = lidar_of_gram(sums.gram, most) if sums.views == 2 else math.nan
    dead, diagonal, rest = sums.facts.tolist()
    found = dead, rank, alpha, lda, diagonal, rest
    return Spectrum(dict(zip(names, found, strict=True)), singular.tolist())


def largest(symmetric: Tensor, most: int) -> Tensor:
    """The largest eigenvalues, in descending order; what rounding has made negative is 0."""
    return torch.linalg.eigvalsh(symmetric).flip(0)[:most].clamp_min(0)


def centered_gram(gram: Tensor) -> Tensor:
    """x x^T of x without its mean, from that of x."""
    gram = gram - gram.mean(0)
    return gram - gram.mean(1, keepdim=True)


def lidar_of_gram(gram: Tensor, most: int, delta: float = DELTA) -> float:
    """`label_free.lidar` of two views, from x x^T, (2 n, 2 n).

    With the means m and half the differences d of the views, (n, D) each, S_b = m^T m / n and
    S_w = d^T d / n + delta. So m S_w^-1 m^T / n has the eigenvalues in question, and S_w^-1 =
    (1 - d^T (d d^T + n delta)^-1 d) / delta (Woodbury): matrices of n rows are all that it takes.
    """
    n = len(gram) // 2
    aa, ab, ba, bb = (half for row in gram.split(n) for half in row.split(n, 1))
    mm, dd = centered_gram(aa + ab + ba + bb) / 4, (aa - ab - ba + bb) / 4
    md = (aa - ab + ba - bb) / 4
    md -= md.mean(0)
    factor, failed = torch.linalg.cholesky_ex(dd + n * delta * torch.eye(n, dtype=dd.dtype))
    if failed:  # numbers so large that delta is lost in their rounding
        return math.nan
    seen = torch.linalg.solve_triangular(factor, md.T, upper=False)
    return smooth_rank(largest(mm - seen.T @ seen, most) / (n * delta), LIDAR_EPSILON)
