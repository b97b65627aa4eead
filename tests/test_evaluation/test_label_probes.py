"""Probes on features with labels, against scikit-learn and counts by hand."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, balanced_accuracy_score, confusion_matrix

from mmbarlow.errors import InputError
from mmbarlow.evaluation import label_probes
from mmbarlow.evaluation.accuracy import both_accuracies, confusion
from mmbarlow.evaluation.features import Features
from mmbarlow.evaluation.label_probes import (
    labels_for_few,
    mean_average_precision,
    probe_few_labels,
    probe_linear,
)
from mmbarlow.evaluation.linear import LinearProbe
from mmbarlow.evaluation.linear_sgd import sgd_scores


def drawn(n: int, classes: int, seed: int, several: bool = False) -> Features:
    """Clusters, of which each image has one, or in half of the cases a second one too."""
    centers = torch.randn(classes, 16, generator=torch.Generator().manual_seed(9))
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(classes, (n,), generator=generator)
    noise = 3 + 2 * torch.randn(n, 16, generator=generator)  # away from the origin
    if not several:
        return Features(centers[labels] + noise, labels)
    marks = torch.nn.functional.one_hot(labels, classes)
    marks[torch.arange(0, n, 2), labels[::2].roll(1)] = 1
    return Features(marks.float() @ centers + noise, marks)


def test_both_accuracies_and_the_confusion_are_those_of_scikit_learn():
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(4, (200,), generator=generator) ** 2 // 3  # 0, 1, 3; uneven
    predicted = torch.where(torch.rand(200, generator=generator) < 0.6, labels, 2)
    found = both_accuracies(predicted, labels, 5)
    assert found['top1'] == pytest.approx(100 * (predicted == labels).double().mean().item())
    with pytest.warns(UserWarning, match='y_pred contains classes'):
        expected = 100 * balanced_accuracy_score(labels, predicted)
    assert found['top1_per_class'] == pytest.approx(expected)
    counts = confusion_matrix(labels, predicted, labels=range(5))
    np.testing.assert_array_equal(confusion(predicted, labels, 5), counts)


def test_mean_average_precision_leaves_classes_without_test_images_out():
    scores = torch.tensor([[0.9, 0.1, 0.5], [0.8, 0.7, 0.1], [0.7, 0.3, 0.3]])
    marks = torch.tensor([[0, 1, 0], [1, 1, 0], [1, 0, 0]])
    # class 0: ranks 2 and 3 are positive, (1/2 + 2/3) / 2; class 1: ranks 1 and 3, (1 + 2/3) / 2
    expected = 100 * ((1 / 2 + 2 / 3) / 2 + (1 + 2 / 3) / 2) / 2
    assert mean_average_precision(scores, marks)['mAP'] == pytest.approx(expected)


@pytest.mark.parametrize('several', [False, True])
def test_sgd_finds_the_minimum_that_l_bfgs_finds(several):
    train, test = drawn(3000, 5, 0, several), drawn(500, 5, 1, several)
    probe = LinearProbe(C=0.1)
    exact = (probe.scores_of_marks if several else probe.scores)(train, test)
    found = sgd_scores(train, test, 5, C=0.1, epochs=60)
    if not several:  # only differences of logits count
        exact, found = (x - x.mean(1, keepdim=True) for x in (exact, found))
    assert (found - exact).square().mean().sqrt() < 0.05 * exact.std()


def test_large_features_take_sgd_and_give_the_same_answers(monkeypatch):
    train, test = drawn(3000, 5, 0), drawn(500, 5, 1)
    exact = probe_linear(train, test)
    monkeypatch.setattr(label_probes, 'LARGE', 100)
    halved = Features(train.features.half(), train.labels)
    assert probe_linear(halved, test).metrics['top1'] == pytest.approx(exact.metrics['top1'], abs=1)


def test_the_probe_of_several_classes_is_one_logistic_regression_for_each():
    train, test = drawn(400, 3, 0, True), drawn(300, 3, 1, True)
    mean, std = train.features.mean(0), train.features.std(0)
    x, x_test = ((f.features - mean).numpy() / std.numpy() for f in (train, test))
    scores = [
        LogisticRegression(C=0.1, max_iter=1000).fit(x, y).decision_function(x_test)
        for y in train.labels.numpy().T
    ]
    expected = 100 * average_precision_score(test.labels.numpy(), np.stack(scores, 1))
    assert probe_linear(train, test).metrics['mAP'] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize('several', [False, True])
def test_few_labels_give_less_than_all_and_a_deviation(several):
    train, test = drawn(400, 4, 0, several), drawn(300, 4, 1, several)
    name = 'mAP' if several else 'top1'
    few = probe_few_labels(train, test, 5, draws=4).metrics
    many = probe_few_labels(train, test, 60, draws=4).metrics
    assert few[f'{name}_mean'] < many[f'{name}_mean']
    assert few[f'{name}_std'] > 0
    assert probe_few_labels(train, test, 5, draws=4).metrics == few


def test_a_class_with_fewer_labels_lowers_the_number_for_all():
    assert labels_for_few(torch.tensor([0] * 9 + [1] * 3)) == 3
    assert labels_for_few(torch.tensor([0] * 9 + [1] * 30)) == 5
    with pytest.raises(InputError, match='class 1 .* has no training image'):
        labels_for_few(torch.tensor([0, 0, 2]))
