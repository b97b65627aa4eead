"""What the page measures of a network: the correlation of its embeddings, features, neighbors."""

import time
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from mmengine.config import Config
from torch import Tensor

from mmbarlow.commands.page.training_data import spread, views_of
from mmbarlow.errors import InputError
from mmbarlow.evaluation.spectrum import correlation_cells, correlation_spectrum, effective_rank
from mmbarlow.loss import global_batch, standardize

SECONDS = 90.0  # for embeddings: a large network on a CPU gets through fewer images


class Correlation(NamedTuple):
    """What the embeddings of two views of `images` images of a run say."""

    images: int
    dimensions: int
    cells: Tensor  # C as a picture, (k, k)
    corner: Tensor  # C of the first dimensions, (at most 64, the same)
    diagonal: float  # mean of C's diagonal entries
    rest: float  # root mean square of the others
    spectrum: Tensor  # singular values of C
    variances: Tensor  # eigenvalues of the correlation matrix of the first view
    rank: float


@torch.no_grad()
def measure_correlation(cfg: Config, model: Any, dataset: Any, images: int) -> Correlation:
    """C, as the loss defines it, of at most `images` images, whose views are drawn anew.

    Raises:
        InputError: the model has no embeddings of two views.
    """
    if not hasattr(model, 'embed'):
        raise InputError(f'{type(model).__name__} has no cross-correlation: its loss is another.')
    started, parts = time.perf_counter(), []
    for views in views_of(cfg, model, dataset, spread(len(dataset), images)):
        parts.append([model.embed(view).float().cpu() for view in views[:2]])
        if time.perf_counter() - started > SECONDS:
            break
    z_a, z_b = (torch.cat(z) for z in zip(*parts, strict=True))
    if len(z_a) < 2:
        raise InputError('A correlation needs two images or more.')
    batch = global_batch(z_a, z_b)
    a, b = standardize(z_a, batch), standardize(z_b, batch)
    N, D = a.shape
    spectrum, variances = correlation_spectrum(a, b), correlation_spectrum(a, a)
    diagonal = (a * b).mean(0)
    energy = spectrum.square().sum() - diagonal.double().square().sum()
    return Correlation(
        images=N,
        dimensions=D,
        cells=correlation_cells(a, b),
        corner=correlation_cells(a[:, :64], b[:, :64]),
        diagonal=float(diagonal.mean()),
        rest=float((energy.clamp_min(0) / max(D * D - D, 1)).sqrt()),
        spectrum=spectrum,
        variances=variances,
        rank=effective_rank(variances),
    )


def nearest_images(features: Tensor, queries: list[int], k: int) -> list[list[tuple[int, float]]]:
    """For each query, a row of the features, its k nearest others, with their cosine similarity."""
    x = F.normalize(features.float())
    similarity = x[queries] @ x.T
    similarity[range(len(queries)), queries] = -torch.inf
    value, index = similarity.topk(min(k, len(x) - 1))
    return [
        list(zip(i, v, strict=True)) for i, v in zip(index.tolist(), value.tolist(), strict=True)
    ]


def agreement(features: Tensor, labels: Tensor, k: int = 5) -> tuple[float, float]:
    """The share of the k nearest images that have an image's label, and what chance would give."""
    x = F.normalize(features.float())
    similarity = x @ x.T
    similarity.fill_diagonal_(-torch.inf)
    nearest = similarity.topk(min(k, len(x) - 1)).indices
    right = (labels[nearest] == labels[:, None]).float().mean()
    counts = labels.bincount().double()
    chance = (counts * (counts - 1)).sum() / (len(x) * (len(x) - 1))
    return float(right), float(chance)
