"""Nearest neighbors and near-duplicates by cosine similarity, exact, in blocks."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from mmbarlow.progress import progress

MAX_BYTES = 2**28  # of a block of normalized features
CACHED_BYTES = 2**25  # of a block of similarities: a larger one leaves the processor's cache
ROUNDING = 1e-6  # of a cosine similarity in float32


def nearest(features: Tensor, queries: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Cosine similarities and indices of the k nearest rows, (Q, min(k, N)), the nearest first.

    Each block of the features is normalized, and moved to the GPU if there is one, only once.

    Args:
        features: (N, C), float32 or float16; products are in float32. They may lie in a file, of
            which a block at a time is read.
        queries: (Q, C).
        k: 1 or more.
    """
    device = _device()
    queries = F.normalize(queries.to(device).float())
    columns = max(1, min(len(features), MAX_BYTES // (4 * features.shape[1])))
    rows = max(1, min(MAX_BYTES, CACHED_BYTES) // (4 * columns))
    best = queries.new_empty(len(queries), 0)
    index = best.long()
    for start in progress(range(0, len(features), columns), 'neighbors'):
        block = F.normalize(features[start : start + columns].to(device).float())
        found = [fast_topk(part @ block.T, min(k, len(block))) for part in queries.split(rows)]
        value, at = (torch.cat(x) for x in zip(*found, strict=True))
        best, index = torch.cat([best, value], 1), torch.cat([index, at + start], 1)
        best, order = best.topk(min(k, best.shape[1]))
        index = index.gather(1, order)
    return best.cpu(), index.cpu()


def nearest_others(features: Tensor, k: int) -> Iterator[tuple[Tensor, Tensor]]:
    """The k nearest of each row but itself, as `nearest` gives them, some thousand rows at a time.

    Args:
        features: (N, C), see `nearest`.
        k: below N.
    """
    rows = max(1, MAX_BYTES // (4 * max(features.shape[1], 6 * k)))
    for start in range(0, len(features), rows):
        queries = features[start : start + rows]
        similarity, index = nearest(features, queries, k + 1)
        itself = index == torch.arange(start, start + len(queries))[:, None]
        itself[:, -1] |= ~itself.any(1)  # among more than k of the same, it may not be found
        others = ~itself
        yield similarity[others].view(-1, k), index[others].view(-1, k)


class SimilarPairs(NamedTuple):
    """Pairs of rows, the most similar first.

    first, second: (P,), indices, the first the lower one.
    similarity: (P,), cosines.
    total: how many there are, of which P are here.
    """

    first: Tensor
    second: Tensor
    similarity: Tensor
    total: int


def similar_pairs(features: Tensor, threshold: float, most: int = 1_000_000) -> SimilarPairs:
    """All pairs of rows whose cosine similarity is `threshold` or more.

    Args:
        features: (N, C), see `nearest`.
        threshold: up to 1.
        most: pairs to keep, the most similar ones.
    """
    device, n = _device(), len(features)
    step = max(1, min(n, math.isqrt(CACHED_BYTES // 4), MAX_BYTES // (4 * features.shape[1])))
    pairs, total = torch.empty(0, 2, dtype=torch.long), 0
    similarity = torch.empty(0)

    def block(start: int) -> Tensor:
        return F.normalize(features[start : start + step].to(device).float())

    for start in progress(range(0, n, step), 'duplicates'):
        own = block(start)
        for other in range(start, n, step):
            product = own @ (block(other) if other > start else own).T
            near = product >= threshold - ROUNDING
            found = (near.triu(1) if other == start else near).nonzero()
            total += len(found)
            similarity = torch.cat([similarity, product[found[:, 0], found[:, 1]].cpu()])
            pairs = torch.cat([pairs, found.cpu() + torch.tensor([start, other])])
            if len(pairs) > most:
                similarity, kept = similarity.topk(most)
                pairs = pairs[kept]
    similarity, order = similarity.sort(descending=True, stable=True)
    first, second = pairs[order].unbind(1)
    return SimilarPairs(first, second, similarity.clamp(max=1), total)


def fast_topk(x: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """`x.topk(k)` of the rows of a matrix, unsorted, and faster than it where they are long.

    Split a row into groups: its k largest numbers lie in the k groups with the largest maxima
    (if one were elsewhere, each of those k maxima would be at least as large). Finding the maxima
    is a cheap pass over the row; only sqrt(k n) numbers have to be sorted, twice.
    """
    length = math.isqrt(x.shape[1] // k)  # of a group; makes both sorts equally long
    if length < 2:
        return x.topk(k, sorted=False)
    groups = x.shape[1] // length
    even = x[:, : groups * length].unflatten(1, (length, groups))  # a group is a column
    chosen = even.amax(1).topk(k, sorted=False).indices
    step = torch.arange(0, groups * length, groups, device=x.device)
    rest = torch.arange(groups * length, x.shape[1], device=x.device).expand(len(x), -1)
    candidates = torch.cat([(chosen[:, None] + step[:, None]).flatten(1), rest], 1)
    value, at = x.gather(1, candidates).topk(k, sorted=False)
    return value, candidates.gather(1, at)


def _device() -> str:
    return 'cuda' if torch.cuda.is_available() else 'cpu'
