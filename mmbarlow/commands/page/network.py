"""What the page measures of a network: the correlation of its embeddings, features, neighbors."""

import time
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.config import Config
from torch import Tensor

from mmbarlow.commands.page.training_data import spread, views_of
from mmbarlow.errors import InputError
from mmbarlow.evaluation.correlation import Correlation, correlation_of

SECONDS = 90.0  # for embeddings: a large network on a CPU gets through fewer images


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
    return correlation_of(z_a, z_b)


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
