"""Weighted k-nearest-neighbor classification of frozen features."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mmbarlow.evaluation.accuracy import accuracy
from mmbarlow.evaluation.checks import check_classes, check_knn
from mmbarlow.evaluation.features import Features, announce_memory
from mmbarlow.evaluation.neighbors import MAX_BYTES, nearest
from mmbarlow.registry import METRICS


def knn_predict(
    bank: Features, queries: Tensor, k: Sequence[int], temperature: float = 0.07
) -> dict[int, Tensor]:
    """The classes of each query, ranked by the votes of its k nearest neighbors, for each k.

    With features divided by their L2 norm, each neighbor votes for its class with the weight
    exp(cosine similarity / temperature): the protocol of instance discrimination (Wu et al.,
    2018), DINO and MMSelfSup. The search is exact, whatever the size of the blocks; only among
    equally near neighbors may the choice differ. All k come from one search, on the GPU if there
    is one; the bank stays where it is and is read once for every 100,000 queries or so.

    Args:
        bank: labeled features, (N, C) and (N,), float32 or float16; products are in float32.
        queries: shape (Q, C).
        k: numbers of neighbors; one above N counts as N.
        temperature: of the weights, in units of cosine similarity.

    Returns:
        for each k the ranked classes, the best first, shape (Q, min(5, classes)); -1 where fewer
        classes have a neighbor among the k.
    """
    classes = int(bank.labels.max()) + 1
    samples, dims = bank.features.shape
    most = min(max(k), samples)
    announce_memory('kNN search in a bank', samples, dims, bank.features.dtype)
    rows = max(1, MAX_BYTES // (4 * max(classes, 3 * most)))
    parts: dict[int, list[Tensor]] = {n: [] for n in k}
    for chunk in queries.split(rows):
        similarity, index = nearest(bank.features, chunk, most)
        # Only ratios of votes matter: with the maximum subtracted, no small temperature overflows
        # exp, and the floor tells the class of a distant neighbor from a class without any.
        votes = ((similarity - similarity[:, :1]) / temperature).exp()
        votes = votes.clamp_min(torch.finfo(votes.dtype).tiny)
        labels, total, done = bank.labels[index], votes.new_zeros(len(votes), classes), 0
        for n in sorted(set(k)):
            total.scatter_add_(1, labels[:, done:n], votes[:, done:n])
            done = n
            vote, ranked = total.topk(min(5, classes))
            parts[n].append(ranked.masked_fill(vote == 0, -1))
    return {n: torch.cat(part) for n, part in parts.items()}


def knn_scores(bank: Features, queries: Tensor, k: int, temperature: float = 0.07) -> Tensor:
    """Where images can have several classes: the share of the votes for each class, (Q, classes).

    Args:
        bank: features (N, C) and marks (N, classes), 1 or 0.
        queries, k, temperature: as in `knn_predict`, whose weights the neighbors' votes have.
    """
    most, marks = min(k, len(bank.features)), bank.labels.float()
    rows = max(1, MAX_BYTES // (4 * most * marks.shape[1]))
    parts = []
    for chunk in queries.split(rows):
        similarity, index = nearest(bank.features, chunk, most)
        parts.append(
            torch.einsum('qk,qkc->qc', (similarity / temperature).softmax(1), marks[index])
        )
    return torch.cat(parts)


@METRICS.register_module()
@dataclass
class KNN:
    """Weighted kNN classification of the test features by the train features; see `knn_predict`.

    Args:
        k: numbers of neighbors, all from one search; MMSelfSup's by default.
        temperature: of the weights exp(cosine similarity / temperature).
    """

    k: Sequence[int] = (10, 20, 100, 200)
    temperature: float = 0.07

    def __post_init__(self) -> None:
        check_knn(self.k, self.temperature)

    def __call__(self, train: Features, test: Features) -> dict[str, float]:
        """Top-1 and, with more than five classes, Top-5 in percent: `top1_k10`, `top5_k10`, ...

        Raises:
            InputError: see `check_classes`.
        """
        classes = check_classes(train, test)
        predictions = knn_predict(train, test.features, self.k, self.temperature)
        return {
            f'{name}_k{k}': value
            for k, ranked in predictions.items()
            for name, value in accuracy(ranked, test.labels, classes).items()
        }
