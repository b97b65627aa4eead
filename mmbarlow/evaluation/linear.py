"""A linear classifier on frozen features."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from mmbarlow.errors import InputError
from mmbarlow.evaluation.accuracy import accuracy
from mmbarlow.evaluation.checks import check_classes
from mmbarlow.evaluation.features import Features
from mmbarlow.registry import METRICS

Classifier = Callable[[Tensor], Tensor]  # logits (M, classes) of features (M, C)
MAX_ITERATIONS = 1000  # a few dozen are usual; scikit-learn warns if these are not enough


@METRICS.register_module()
@dataclass
class LinearProbe:
    """Multinomial logistic regression on features that were extracted once.

    The features are standardized with the mean and standard deviation of the train split. The
    loss, as in scikit-learn, is the sum of the cross entropies over the samples plus
    |w|^2 / (2 C); L-BFGS minimizes it from zero. The problem is convex and the solution
    deterministic: there is no learning rate and no seed. 50,000 x 512 features take seconds.

    It is not the probe of the paper, which trains the classifier with SGD for 100 epochs on
    random crops and flips, without standardization: compare its numbers with each other, and
    with published ones only roughly.

    Args:
        C: inverse strength of the L2 penalty. 0.1 is good over three decades of samples and
            dimensions; larger sets need less, sets of a few hundred images more.
    """

    C: float = 0.1

    def __post_init__(self) -> None:
        if self.C <= 0:
            raise InputError(f'C of the linear probe must be above 0, got {self.C}.')

    def __call__(self, train: Features, test: Features) -> dict[str, float]:
        """`top1` and, with more than five classes, `top5`, in percent.

        Raises:
            InputError: the train split has only one class; see also `check_classes`.
        """
        classes = check_classes(train, test)
        ranked = self.scores(train, test).argsort(descending=True, stable=True)
        return accuracy(ranked, test.labels, classes)

    def scores(self, train: Features, test: Features) -> Tensor:
        """Logits of the test images, (M, classes); a class without a train image has -inf.

        Raises:
            InputError: see `__call__`.
        """
        classes = check_classes(train, test)
        if train.labels.unique().numel() < 2:
            raise InputError('the train split has only one class: a classifier needs two.')
        return self.classifier(train, classes)(test.features)

    def classifier(self, train: Features, classes: int) -> Classifier:
        """What gives the logits (M, classes) of features (M, C), as `scores` has them."""
        normalize = normalizer(train.features)
        probe = self._fitted(normalize(train.features).numpy(), train.labels.numpy())

        def logits_of(features: Tensor) -> Tensor:
            logits = probe.decision_function(normalize(features).numpy())
            if logits.ndim == 1:  # two classes share one column
                logits = np.stack([-logits, logits], axis=1)
            scores = torch.full((len(features), classes), -torch.inf)
            scores[:, probe.classes_] = torch.from_numpy(logits).float()
            return scores

        return logits_of

    def scores_of_marks(self, train: Features, test: Features) -> Tensor:
        """Logits (M, classes) where images can have several classes: one problem for each class,
        its label 1 against 0. A class that all or no train images have gets 0 throughout."""
        normalize = normalizer(train.features)
        x_train, x_test = (normalize(split.features).numpy() for split in (train, test))
        scores = torch.zeros(len(x_test), train.labels.shape[1])
        for c, marks in enumerate(train.labels.numpy().T):
            if 0 < marks.sum() < len(marks):
                logits = self._fitted(x_train, marks).decision_function(x_test)
                scores[:, c] = torch.from_numpy(logits)
        return scores

    def _fitted(self, x: np.ndarray, y: np.ndarray) -> LogisticRegression:
        return LogisticRegression(C=self.C, max_iter=MAX_ITERATIONS).fit(x, y)


def normalizer(features: Tensor) -> Callable[[Tensor], Tensor]:
    """What standardizes features with the mean and standard deviation of these."""
    mean, scale = features.mean(0), features.std(0)
    scale[scale == 0] = 1  # a dimension that never changes then gets the weight 0
    return lambda x: (x - mean) / scale
