"""The linear support vector machine by which VISSL and MMSelfSup evaluate VOC07 features."""

import warnings
from collections.abc import Sequence

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import cross_val_score
from sklearn.svm import LinearSVC

from mmbarlow.evaluation.svm.average_precision import average_precision

# VISSL's list. MMSelfSup's is [1, 10, 100, *(0.5**n for n in range(4, 20))].
COSTS = (0.01, 0.1, 1, 2, 5, 10, 15, 20, 50, 100, 1000)


def classifier(cost: float) -> LinearSVC:
    """One class against the rest; a positive counts twice. The seed is ours: VISSL sets none."""
    return LinearSVC(
        C=cost,
        penalty='l2',
        loss='squared_hinge',
        dual=True,  # pyright: ignore[reportArgumentType]
        tol=1e-4,
        max_iter=2000,
        intercept_scaling=1,
        class_weight={1: 2, -1: 1},
        random_state=0,
    )


def targets(labels: np.ndarray) -> np.ndarray:
    """Labels 1, 0 and -1 as training targets 1 and -1: undecided images count as negative."""
    return np.where(labels == 1, 1, -1)


def cross_validated_ap(x: np.ndarray, y: np.ndarray, cost: float, folds: int) -> float:
    """Mean over stratified folds of scikit-learn's average precision, by which the cost is chosen.

    `x` is (N, C), `y` (N,) with the targets 1 and -1. Not interpolated, as in VISSL.
    """
    with warnings.catch_warnings():  # the published max_iter stops the largest costs early
        warnings.simplefilter('ignore', ConvergenceWarning)
        scores = cross_val_score(classifier(cost), x, y, cv=folds, scoring='average_precision')
    return float(scores.mean())


def ap_on_test(
    x: np.ndarray, y: np.ndarray, x_test: np.ndarray, labels: np.ndarray, cost: float, rule: str
) -> float:
    """Average precision over the test images labeled 1 or 0; those labeled -1 are left out."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', ConvergenceWarning)
        scores = classifier(cost).fit(x, y).decision_function(x_test)
    counted = labels >= 0
    return average_precision(scores[counted], labels[counted] == 1, rule)


def aps_on_test(
    x: np.ndarray,
    labels: np.ndarray,
    index: np.ndarray,
    x_test: np.ndarray,
    test_labels: np.ndarray,
    costs: Sequence[float],
    rule: str,
) -> list[float]:
    """`ap_on_test` of an SVM trained on the rows `index`, for each cost."""
    x, y = x[index], targets(labels[index])
    return [ap_on_test(x, y, x_test, test_labels, cost, rule) for cost in costs]
