import numpy as np
import pytest
import torch

from mmbarlow.evaluation import tuned_linear as module
from mmbarlow.evaluation.features import Features
from mmbarlow.evaluation.linear import LinearProbe
from mmbarlow.evaluation.tuned_linear import COSTS, hold_out, tuned_linear


def logits_by_torch(train: Features, test: Features, C: float) -> torch.Tensor:
    """Of the minimum of sum of cross entropies + |w|^2 / (2 C), by torch's L-BFGS in float64."""
    x, x_test = train.features.double(), test.features.double()
    mean, scale = x.mean(0), x.std(0)
    scale[scale == 0] = 1
    x, x_test = (x - mean) / scale, (x_test - mean) / scale
    classes = int(train.labels.max()) + 1
    weight = torch.zeros(classes, x.shape[1], dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(classes, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [weight, bias], max_iter=500, tolerance_grad=1e-5, line_search_fn='strong_wolfe'
    )

    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(x @ weight.T + bias, train.labels, reduction='sum')
        loss = loss + weight.square().sum() / (2 * C)
        loss.backward()
        return loss

    optimizer.step(closure)
    return (x_test @ weight.T + bias).detach()


def test_answers_are_those_of_a_float64_formula_at_the_chosen_cost(digits):
    train, test = Features(digits[0].features[:500], digits[0].labels[:500]), digits[1]
    found = tuned_linear(train, test)
    assert found.cost in COSTS
    logits, expected = found.classifier(test.features), logits_by_torch(train, test, found.cost)
    accuracy = [(x.argmax(1) == test.labels).double().mean().item() for x in (logits, expected)]
    assert accuracy[0] == pytest.approx(accuracy[1], abs=2.5 / 360)  # two on the border
    assert accuracy[0] > 0.93
    gaps = (logits.softmax(1) - expected.softmax(1)).abs()
    assert (gaps.mean() < 0.001, gaps.max() < 0.05) == (True, True), gaps.max()


def test_the_chosen_cost_is_the_best_of_the_grid_on_what_was_held_out(digits):
    train, test = digits
    kept, held = (Features(train.features[i], train.labels[i]) for i in hold_out(train, 0))
    assert held.labels.bincount().tolist() == [
        round(0.1 * n) for n in train.labels.bincount().tolist()
    ]
    assert len(held.labels) + len(kept.labels) == len(train.labels)
    right = {
        C: LinearProbe(C * len(train.labels) / len(kept.labels))(kept, held)['top1'] for C in COSTS
    }
    assert right[tuned_linear(train, test).cost] == max(right.values())


def test_no_image_is_both_fitted_and_held_out_and_few_are_enough(monkeypatch):
    monkeypatch.setattr(module, 'TRIED_ON', 100)
    labels = torch.from_numpy(np.random.default_rng(0).permutation(np.arange(1000) % 5))
    kept, held = hold_out(Features(torch.zeros(1000, 1), labels), 3)
    assert not set(kept.tolist()) & set(held.tolist())
    assert labels[kept].bincount().tolist() == [18] * 5
    assert labels[held].bincount().tolist() == [2] * 5
    again = hold_out(Features(torch.zeros(1000, 1), labels), 3)
    assert (again[0] == kept).all()
    assert (hold_out(Features(torch.zeros(1000, 1), labels), 4)[0] != kept).any()


def test_a_class_with_one_image_leaves_nothing_to_choose_by():
    train = Features(torch.randn(5, 3), torch.tensor([0, 0, 0, 0, 1]))
    assert tuned_linear(train, train).cost == 0.1


def test_many_features_are_fitted_by_sgd_to_the_same_answers(digits, monkeypatch):
    train, test = digits
    monkeypatch.setattr(module, 'LARGE', 1)
    found = tuned_linear(train, test)
    expected = LinearProbe(0.1).scores(train, test)
    agree = found.classifier(test.features).argmax(1) == expected.argmax(1)
    assert agree.double().mean() > 0.97


def test_one_class_is_refused_in_a_sentence():
    split = Features(torch.randn(5, 3), torch.zeros(5, dtype=torch.int64))
    with pytest.raises(ValueError, match='only one class: a classifier needs two'):
        tuned_linear(split, split)
