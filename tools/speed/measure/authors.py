"""The losses of the family as their authors' code computes them, in plain torch.

Each is a function of the embeddings of two views, (N, D), which is of the same value as ours: so
that what is timed is one loss in two ways. Sources: the docstrings in `mmbarlow/loss/family/`.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from mmbarlow.loss import (
    CorInfoMaxLoss,
    FroSSLLoss,
    HSICLoss,
    MECLoss,
    MMCRLoss,
    SIGRegLoss,
    TiCoLoss,
    VICRegLoss,
    VNELoss,
    WMSELoss,
)

Loss = Callable[[Tensor, Tensor], Tensor]


def off_diagonal(x: Tensor) -> Tensor:
    """All entries of a square matrix but those of its diagonal, without a copy."""
    n = len(x)
    return x.flatten()[:-1].view(n - 1, n + 1)[:, 1:].flatten()


def vicreg(x: Tensor, y: Tensor) -> Tensor:
    (N, D), loss = x.shape, 25 * F.mse_loss(x, y)
    for z in (x - x.mean(0), y - y.mean(0)):
        loss = loss + 25 * F.relu(1 - torch.sqrt(z.var(0) + 1e-4)).mean() / 2
        loss = loss + off_diagonal(z.T @ z / (N - 1)).pow(2).sum() / D
    return loss


def hsic(x: Tensor, y: Tensor) -> Tensor:
    N, D = x.shape
    x, y = (F.batch_norm(z, None, None, training=True) for z in (x, y))
    c = x.T @ y / N
    return (c.diagonal() - 1).pow(2).sum() + off_diagonal(c).add(1).pow(2).sum() / D


def wmse(x: Tensor, y: Tensor) -> Tensor:
    """All samples in one slice, in fp64: the covariance of more than a few is all but singular."""
    white = []
    for z in (x.double(), y.double()):
        z = z - z.mean(0)
        factor = torch.linalg.cholesky(z.T @ z / (len(z) - 1))
        white.append(F.normalize(z @ torch.linalg.inv(factor).T))
    return 2 - 2 * (white[0] * white[1]).sum(1).mean()


def frossl(x: Tensor, y: Tensor) -> Tensor:
    (N, D), loss = x.shape, 0.0
    x, y = F.normalize(x, dim=0), F.normalize(y, dim=0)
    for z in (x, y):
        product = z.T @ z if N > D else z @ z.T
        product = product / product.detach().trace()
        loss = loss + 2 * torch.linalg.norm(product).log()
        loss = loss + 2 * D * F.mse_loss(z, (x + y) / 2)
    return torch.as_tensor(loss)


def vne(x: Tensor, y: Tensor) -> Tensor:
    N, entropies = len(x), []
    for z in (x, y):
        _, values, _ = torch.linalg.svd(F.normalize(z) / math.sqrt(N), full_matrices=False)
        entropies.append(torch.special.entr(values.square()).sum())
    alignment = math.log(N) * F.cosine_similarity(x, y).mean()
    return -alignment - torch.stack(entropies).mean()


def mec(x: Tensor, y: Tensor) -> Tensor:
    N, D = x.shape
    lamda_inv = N * 64 / D
    c = F.normalize(x) @ F.normalize(y).T / lamda_inv
    power, summed = c, torch.zeros_like(c)
    for k in range(1, 5):
        power = power @ c if k > 1 else power
        summed = summed + (-1) ** (k + 1) / k * power
    return -summed.trace() / N * lamda_inv


def corinfomax(x: Tensor, y: Tensor) -> Tensor:
    """Of the first step, with the memory that it begins with, in fp64 as ours."""
    N, D = x.shape
    x, y, eye = F.normalize(x), F.normalize(y), torch.eye(D, dtype=torch.float64, device=x.device)
    loss = 250 * F.mse_loss(x, y)
    for z in (x.double(), y.double()):
        z = z - 0.99 * z.mean(0)
        covariance = 0.01 * eye + 0.99 * z.T @ z / N
        loss = loss - torch.logdet(covariance + 1e-8 * eye) / D
    return loss


def mmcr(x: Tensor, y: Tensor) -> Tensor:
    centroids = (F.normalize(x) + F.normalize(y)) / 2
    _, values, _ = torch.linalg.svd(centroids, full_matrices=False)
    return -values.sum()


def tico(x: Tensor, y: Tensor) -> Tensor:
    """Of the first step, whose memory is empty."""
    x, y = F.normalize(x), F.normalize(y)
    b = (x.T @ x).detach() / len(x)
    c = 0.9 * torch.zeros_like(b) + 0.1 * b
    return 1 - (x * y).sum(1).mean() + 8 * ((x @ c) * x).sum(1).mean()


def sigreg(x: Tensor, y: Tensor) -> Tensor:
    """With the directions of our first step."""
    proj = torch.stack((x, y))
    t = torch.linspace(0, 3, 17, dtype=x.dtype, device=x.device)
    phi = torch.exp(-t.square() / 2)
    weights = torch.full_like(t, 2 * 3 / 16)
    weights[[0, -1]] = 3 / 16
    generator = torch.Generator(x.device).manual_seed(0)
    directions = torch.empty(proj.shape[-1], 256, dtype=x.dtype, device=x.device)
    directions.normal_(generator=generator)
    x_t = (proj @ (directions / directions.norm(dim=0))).unsqueeze(-1) * t
    error = (x_t.cos().mean(-3) - phi).square() + x_t.sin().mean(-3).square()
    statistic = (error @ (weights * phi)) * proj.size(-2)
    return 0.02 * statistic.mean() + 0.98 * (proj.mean(0) - proj).square().mean()


# By name: ours of D dimensions, theirs, and the largest matrix that theirs builds.
FAMILY: dict[str, tuple[Callable[[int], torch.nn.Module], Loss, str]] = dict(
    vicreg=(lambda D: VICRegLoss(), vicreg, 'D x D'),
    hsic=(lambda D: HSICLoss(), hsic, 'D x D'),
    wmse=(lambda D: WMSELoss(size=None), wmse, 'D x D'),
    frossl=(lambda D: FroSSLLoss(), frossl, 'the smaller one'),
    vne=(lambda D: VNELoss(), vne, 'singular values of N x D'),
    mec=(lambda D: MECLoss(), mec, 'N x N'),
    corinfomax=(CorInfoMaxLoss, corinfomax, 'D x D, kept'),
    mmcr=(lambda D: MMCRLoss(), mmcr, 'singular values of N x D'),
    tico=(TiCoLoss, tico, 'D x D, kept'),
    sigreg=(lambda D: SIGRegLoss(), sigreg, 'none'),
)
