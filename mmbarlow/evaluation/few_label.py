"""How good are the features when hardly any labels are known?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

import torch
from torch import Tensor

from mmbarlow.errors import InputError
from mmbarlow.evaluation.accuracy import accuracy
from mmbarlow.evaluation.checks import check_classes, check_knn
from mmbarlow.evaluation.features import Features
from mmbarlow.evaluation.knn import knn_predict
from mmbarlow.registry import METRICS


@METRICS.register_module()
@dataclass
class FewLabelKNN:
    """kNN classification of the test features by a few labeled train features of each class.

    Args:
        labels_per_class: labeled samples drawn from each class.
        draws: number of independent draws.
        k: number of neighbors that vote, see `knn_predict`.
        temperature: of the weights exp(cosine similarity / temperature).
        seed: of the draws, which depend on it and on the labels, not on the features or on what
            was drawn before: every network is evaluated with the same samples.
    """

    labels_per_class: int = 5
    draws: int = 5
    k: int = 5
    temperature: float = 0.07
    seed: int = 0

    def __post_init__(self) -> None:
        check_knn([self.k], self.temperature)
        if self.labels_per_class < 1 or self.draws < 1:
            raise InputError(
                'labels_per_class and draws must be at least 1, '
                f'got {self.labels_per_class} and {self.draws}.'
            )

    def __call__(self, train: Features, test: Features) -> dict[str, float]:
        """Mean and sample standard deviation (0 for one draw) of Top-1 over the draws, in
        percent.

        Raises:
            InputError: a class has fewer labels than `labels_per_class`; see also `check_classes`.
        """
        classes = check_classes(train, test)
        found = [accuracy(r, test.labels, classes) for r in self.ranked(train, test)]
        return mean_and_std([each['top1'] for each in found], 'top1')

    def ranked(self, train: Features, test: Features) -> Iterator[Tensor]:
        """For each draw the classes of the test images, the best first; see `knn_predict`."""
        for index in self._draw(train.labels, check_classes(train, test)):
            bank = Features(train.features[index], train.labels[index])
            yield knn_predict(bank, test.features, [self.k], self.temperature)[self.k]

    def _draw(self, labels: Tensor, classes: int) -> Iterator[Tensor]:
        """For each draw the indices of the labeled samples, `labels_per_class` of each class."""
        counts = labels.bincount(minlength=classes)
        n = self.labels_per_class
        if int(counts.min()) < n:
            raise InputError(
                f'class {int(counts.argmin())} has {int(counts.min())} train samples, fewer than '
                f'labels_per_class = {n}: lower it.'
            )
        generator = torch.Generator().manual_seed(self.seed)
        first = counts.cumsum(0) - counts  # where each class begins once sorted by class
        for _ in range(self.draws):
            shuffled = torch.randperm(len(labels), generator=generator)
            by_class = shuffled[labels[shuffled].argsort(stable=True)]
            yield by_class[(first[:, None] + torch.arange(n)).flatten()]


def mean_and_std(values: Sequence[float], name: str) -> dict[str, float]:
    """`NAME_mean` and `NAME_std`, the sample standard deviation, 0 for a single value."""
    std = stdev(values) if len(values) > 1 else 0.0
    return {f'{name}_mean': fmean(values), f'{name}_std': std}
