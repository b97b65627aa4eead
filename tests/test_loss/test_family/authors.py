"""The losses of the family as their authors write them: plain float64 formulas of (N, D) tensors.

None of them uses anything of the package. Those of two views are the mean over the pairs.
"""

import math
from collections.abc import Callable
from itertools import combinations

import torch
from torch import Tensor
from torch.nn import functional as F


def of_pairs(formula: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    def mean(*views: Tensor) -> Tensor:
        return torch.stack([formula(a, b) for a, b in combinations(views, 2)]).mean()

    return mean


def off_diagonal(c: Tensor) -> Tensor:
    return c[~torch.eye(len(c), dtype=torch.bool)]


def vicreg(x: Tensor, y: Tensor) -> Tensor:
    (N, D), loss = x.shape, 25 * F.mse_loss(x, y)
    for z in (x - x.mean(0), y - y.mean(0)):
        loss = loss + 25 * F.relu(1 - torch.sqrt(z.var(0) + 1e-4)).mean() / 2
        loss = loss + off_diagonal(z.T @ z / (N - 1)).pow(2).sum() / D
    return loss


def hsic(x: Tensor, y: Tensor) -> Tensor:
    N, D = x.shape
    x, y = ((z - z.mean(0)) / torch.sqrt(z.var(0, correction=0) + 1e-5) for z in (x, y))
    c = x.T @ y / N
    return (c.diagonal() - 1).pow(2).sum() + (off_diagonal(c) + 1).pow(2).sum() / D


def wmse(x: Tensor, y: Tensor) -> Tensor:
    """All samples in one slice."""
    white = []
    for z in (x, y):
        z = z - z.mean(0)
        factor = torch.linalg.cholesky(z.T @ z / (len(z) - 1))
        white.append(F.normalize(z @ torch.linalg.inv(factor).T))
    return 2 - 2 * (white[0] * white[1]).sum(-1).mean()


def frossl(*views: Tensor) -> Tensor:
    (_, D), V, loss = views[0].shape, len(views), torch.zeros(())
    views = tuple(F.normalize(z, p=2, dim=0) for z in views)
    average = torch.stack(views).mean(0)
    for z in views:
        cov = z.T @ z
        cov = cov / torch.trace(cov).item()
        entropy = -2 * torch.log(torch.linalg.norm(cov, ord='fro'))
        loss = loss - entropy + D * V * F.mse_loss(z, average)
    return loss


def vne(*views: Tensor) -> Tensor:
    N = len(views[0])
    entropies = []
    for z in views:
        squares = torch.linalg.svdvals(F.normalize(z) / math.sqrt(N)) ** 2
        entropies.append(-(squares * squares.log()).sum())
    cosines = [F.cosine_similarity(a, b).mean() for a, b in combinations(views, 2)]
    return -math.log(N) * torch.stack(cosines).mean() - torch.stack(entropies).mean()


def mec(x: Tensor, y: Tensor) -> Tensor:
    N, D = x.shape
    lamda_inv = N * (64 / D)
    c = F.normalize(x) @ F.normalize(y).T / lamda_inv
    powers = [torch.linalg.matrix_power(c, k) * (-1) ** (k + 1) / k for k in range(1, 5)]
    return -torch.trace(sum(powers)) / N * lamda_inv


def corinfomax(
    x: Tensor, y: Tensor, memory: dict | None = None, f: float = 0.01, eps: float = 1e-8
) -> Tensor:
    """`memory` is moved: of x and of y the mean and the covariance."""
    N, D = x.shape
    memory = {} if memory is None else memory
    x, y = F.normalize(x), F.normalize(y)
    loss = 250 * F.mse_loss(x, y)
    for name, z in dict(x=x, y=y).items():
        mean, covariance = memory.get(name, (torch.zeros(D), torch.eye(D, dtype=z.dtype)))
        mean = f * mean + (1 - f) * z.mean(0)
        covariance = f * covariance + (1 - f) * (z - mean).T @ (z - mean) / N
        loss = loss - torch.logdet(covariance + eps * torch.eye(D, dtype=z.dtype)) / D
        memory[name] = mean.detach(), covariance.detach()
    return loss


def mmcr(*views: Tensor, weight: float = 0.0) -> Tensor:
    z = torch.stack([F.normalize(z) for z in views], -1)  # images, dimensions, views
    own = torch.linalg.svdvals(z).sum() if weight else 0.0
    return weight * own / len(z) - torch.linalg.svdvals(z.mean(-1)).sum()


def tico(x: Tensor, y: Tensor, memory: dict | None = None) -> Tensor:
    """`memory` is moved: C."""
    memory = {} if memory is None else memory
    x, y = F.normalize(x), F.normalize(y)
    b = (x.T @ x).detach() / len(x)
    memory['C'] = c = 0.9 * memory.get('C', 0 * b) + 0.1 * b
    return 1 - (x * y).sum(1).mean() + 8 * ((x @ c) * x).sum(1).mean()


def sigreg(*views: Tensor, step: int = 0) -> Tensor:
    proj = torch.stack(views)
    t = torch.linspace(0, 3, 17, dtype=proj.dtype)
    weights = torch.full((17,), 2 * 3 / 16, dtype=proj.dtype)
    weights[[0, -1]] = 3 / 16
    phi = torch.exp(-t.square() / 2)
    generator = torch.Generator().manual_seed(step)
    a = torch.randn(proj.shape[-1], 256, dtype=proj.dtype, generator=generator)
    x_t = (proj @ (a / a.norm(p=2, dim=0))).unsqueeze(-1) * t
    err = (x_t.cos().mean(-3) - phi).square() + x_t.sin().mean(-3).square()
    statistic = (err @ (weights * phi)) * proj.size(-2)
    return 0.02 * statistic.mean() + 0.98 * (proj.mean(0) - proj).square().mean()
