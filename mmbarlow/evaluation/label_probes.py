"""What labels tell of frozen features: kNN, kNN by a few labels, a linear probe.

Each gives two numbers where an image has one class, over all images and as the mean over classes,
and the mean average precision where it can have several.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from sklearn.metrics import average_precision_score
from torch import Tensor

from mmbarlow.errors import InputError
from mmbarlow.evaluation.accuracy import both_accuracies
from mmbarlow.evaluation.checks import check_classes
from mmbarlow.evaluation.features import Features
from mmbarlow.evaluation.few_label import FewLabelKNN, mean_and_std
from mmbarlow.evaluation.knn import knn_predict, knn_scores
from mmbarlow.evaluation.linear import LinearProbe
from mmbarlow.evaluation.linear_sgd import sgd_scores

NEIGHBORS, FEW_NEIGHBORS, TEMPERATURE = 20, 5, 0.07
C = 0.1  # of the linear probe, see `LinearProbe`
LARGE = 2**26  # numbers in the train features, from which on they are float16 and SGD is taken


class Probed(NamedTuple):
    """The result of a probe: metrics in percent by name, and its answers.

    scores: (M, classes), the higher, the more likely; None where there were several draws.
    """

    metrics: dict[str, float]
    scores: Tensor | None = None


def probe_knn(train: Features, test: Features) -> Probed:
    """The 20 nearest train images vote, with the weights of `knn_predict`."""
    if train.labels.ndim == 2:
        scores = knn_scores(train, test.features, NEIGHBORS, TEMPERATURE)
        return Probed(mean_average_precision(scores, test.labels), scores)
    classes = check_classes(train, test)
    ranked = knn_predict(train, test.features, [NEIGHBORS], TEMPERATURE)[NEIGHBORS][:, 0]
    scores = torch.nn.functional.one_hot(ranked, classes).float()
    return Probed(both_accuracies(ranked, test.labels, classes), scores)


def probe_few_labels(train: Features, test: Features, labels: int, draws: int) -> Probed:
    """kNN by `labels` images of each class alone: mean and sample deviation over the draws.

    Where images have several classes, the images drawn for the classes are put together, and
    count with all of their classes.
    """
    found = list(_few_label_results(train, test, labels, draws))
    metrics = {}
    for name in found[0]:
        metrics |= mean_and_std([each[name] for each in found], name)
    return Probed(metrics)


def probe_linear(train: Features, test: Features, seed: int = 0) -> Probed:
    """Logistic regression on standardized features, by L-BFGS or, from `LARGE` on, by SGD."""
    several = train.labels.ndim == 2
    if train.features.numel() > LARGE:
        classes = train.labels.shape[1] if several else check_classes(train, test)
        scores = sgd_scores(train, test, classes, C, seed=seed)
    else:
        probe = LinearProbe(C)
        scores = (probe.scores_of_marks if several else probe.scores)(train, test)
    return Probed(metrics_of(scores, test.labels), scores)


def metrics_of(scores: Tensor, labels: Tensor) -> dict[str, float]:
    """Both accuracies of labels (M,), or mean average precision of marks (M, classes)."""
    if labels.ndim == 2:
        return mean_average_precision(scores, labels)
    return both_accuracies(scores.argmax(1), labels, scores.shape[1])


def mean_average_precision(scores: Tensor, marks: Tensor) -> dict[str, float]:
    """`mAP` in percent: the mean over the classes of `average_precisions`."""
    return dict(mAP=100 * float(np.nanmean(average_precisions(scores, marks))))


def average_precisions(scores: Tensor, marks: Tensor) -> np.ndarray:
    """Of each class, from 0 to 1, as scikit-learn counts it: without VOC's interpolation.

    NaN for a class that has no test image, or all of them.
    """
    pairs = zip(scores.numpy().T, marks.numpy().T, strict=True)
    return np.array([
        average_precision_score(truth, score) if 0 < truth.sum() < len(truth) else np.nan
        for score, truth in pairs
    ])  # fmt: skip


def _few_label_results(
    train: Features, test: Features, labels: int, draws: int
) -> Iterator[dict[str, float]]:
    if train.labels.ndim == 1:
        classes = check_classes(train, test)
        few = FewLabelKNN(labels, draws, FEW_NEIGHBORS, TEMPERATURE)
        for ranked in few.ranked(train, test):
            yield both_accuracies(ranked[:, 0], test.labels, classes)
        return
    generator = torch.Generator().manual_seed(0)
    for _ in range(draws):
        order = torch.randperm(len(train.labels), generator=generator)
        marks = train.labels[order]
        drawn = [order[marks[:, c] == 1][:labels] for c in range(marks.shape[1])]
        index = torch.cat(drawn).unique()
        bank = Features(train.features[index], train.labels[index])
        scores = knn_scores(bank, test.features, FEW_NEIGHBORS, TEMPERATURE)
        yield mean_average_precision(scores, test.labels)


def labels_for_few(train: Tensor, wanted: int = 5) -> int:
    """`wanted`, or as many as the smallest class of the train labels has.

    Raises:
        InputError: a class has no train image.
    """
    counts = train.sum(0) if train.ndim == 2 else train.bincount()
    if not (least := int(counts.min())):
        raise InputError(f'class {int(counts.argmin())} (from 0) has no training image.')
    return min(wanted, least)
