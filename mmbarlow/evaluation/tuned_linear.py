"""The quick honest linear number: logistic regression whose penalty is chosen without the test."""

from typing import NamedTuple

import numpy as np
import torch

from mmbarlow.errors import InputError
from mmbarlow.evaluation.checks import check_classes
from mmbarlow.evaluation.features import Features
from mmbarlow.evaluation.label_probes import LARGE, C
from mmbarlow.evaluation.linear import Classifier, LinearProbe
from mmbarlow.evaluation.linear_sgd import sgd_classifier

COSTS = (0.001, 0.01, 0.1, 1.0, 10.0)
TRIED_ON = 10_000  # train images that choose among them
HELD_OUT = 0.1  # of those


class Tuned(NamedTuple):
    """A classifier and the `C` that was chosen for it."""

    classifier: Classifier
    cost: float


def tuned_linear(train: Features, test: Features, seed: int = 0) -> Tuned:
    """`LinearProbe` with the C of `COSTS` that is best on held-out train images.

    A tenth of each class is held out, of at most 10,000 train images; there C is multiplied by
    the share of the images that are left out, so that the penalty for an image is the same. The
    most right answers win, and of equal ones the least cross entropy. With the C, all train images
    are fitted. Where a class has one train image only, or the features are `LARGE`, C is 0.1, and
    for the latter SGD minimizes the same loss.

    Args:
        train, test: labels (N,), one class each; the test is only looked at for its form.
        seed: of what is held out, and of SGD.

    Raises:
        InputError: there is one class only; see also `check_classes`.
    """
    classes = check_classes(train, test)
    counts = train.labels.bincount()
    if (counts > 0).sum() < 2:
        raise InputError('the train split has only one class: a classifier needs two.')
    if train.features.numel() > LARGE:
        return Tuned(sgd_classifier(train, classes, C, seed=seed), C)
    cost = C if counts[counts > 0].min() < 2 else _best_cost(train, classes, seed)
    return Tuned(LinearProbe(cost).classifier(train, classes), cost)


def _best_cost(train: Features, classes: int, seed: int) -> float:
    kept, held = (Features(train.features[i], train.labels[i]) for i in hold_out(train, seed))
    share = len(train.labels) / len(kept.labels)
    results = []
    for cost in COSTS:
        logits = LinearProbe(cost * share).classifier(kept, classes)(held.features)
        right = (logits.argmax(1) == held.labels).sum().item()
        loss = torch.nn.functional.cross_entropy(logits.double(), held.labels).item()
        results.append((-right, loss, cost))
    return min(results)[2]


def hold_out(train: Features, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Indices of train images to fit, and of others to choose by: at least one of each class."""
    rng = np.random.default_rng(seed)
    labels = train.labels.numpy()
    share = min(1.0, TRIED_ON / len(labels))
    kept, held = [], []
    for c in np.unique(labels):
        own = rng.permutation(np.flatnonzero(labels == c))
        own = own[: max(2, round(share * len(own)))]
        out = max(1, round(HELD_OUT * len(own)))
        held.append(own[:out])
        kept.append(own[out:])
    return torch.from_numpy(np.concatenate(kept)), torch.from_numpy(np.concatenate(held))
