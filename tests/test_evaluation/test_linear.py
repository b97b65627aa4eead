import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from mmbarlow.evaluation.features import Features
from mmbarlow.evaluation.linear import LinearProbe
from mmbarlow.registry import METRICS


def clusters(n: int, classes: int, dims: int = 8, seed: int = 0) -> Features:
    centers = torch.randn(classes, dims, generator=torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(classes, (n,), generator=generator)
    return Features(centers[labels] + torch.randn(n, dims, generator=generator), labels)


def reference(train: Features, test: Features, C: float) -> torch.Tensor:
    """Logits of the minimum of sum of cross entropies + |w|^2 / (2 C), by independent means."""
    mean, std = train.features.double().mean(0), train.features.double().std(0)
    x, x_test = ((f.features.double() - mean) / std for f in (train, test))
    dims, classes = x.shape[1], int(train.labels.max()) + 1

    def objective(flat):
        w = torch.tensor(flat, requires_grad=True)
        weight, bias = w[classes:].view(dims, classes), w[:classes]
        loss = torch.nn.functional.cross_entropy(x @ weight + bias, train.labels, reduction='sum')
        loss = loss + weight.square().sum() / (2 * C)
        loss.backward()
        return loss.item(), w.grad.numpy()

    w = torch.tensor(minimize(objective, np.zeros(classes * (dims + 1)), jac=True).x)
    return x_test @ w[classes:].view(dims, classes) + w[:classes]


@pytest.mark.parametrize('C', [0.01, 1.0])
@pytest.mark.parametrize('classes', [2, 8])
def test_finds_the_minimum_of_the_stated_objective(classes, C):
    train, test = clusters(400, classes, seed=1), clusters(500, classes, seed=2)
    logits = reference(train, test, C)
    result = METRICS.build(dict(type='mmbarlow.LinearProbe', C=C))(train, test)
    top1 = (logits.argmax(1) == test.labels).double().mean().item() * 100
    assert result['top1'] == pytest.approx(top1, abs=0.3)  # one sample on the border
    if classes > 5:
        top5 = (logits.topk(5).indices == test.labels[:, None]).any(1).double().mean().item()
        assert result['top5'] == pytest.approx(100 * top5, abs=0.3)
    else:
        assert list(result) == ['top1']


def test_raw_pixels_of_digits_are_nearly_separable(digits):
    result = LinearProbe()(*digits)
    assert result['top1'] == pytest.approx(96.7, abs=0.6)
    assert result['top5'] == 100


@pytest.fixture
def splits() -> tuple[Features, Features]:
    return clusters(300, 6, seed=1), clusters(300, 6, seed=2)


def test_scale_and_shift_of_a_dimension_do_not_matter(splits):
    train, test = splits
    scale, shift = torch.logspace(-2, 3, 8), torch.linspace(-5, 5, 8)
    moved = [Features(f * scale + shift, labels) for f, labels in (train, test)]
    assert LinearProbe()(*moved)['top1'] == pytest.approx(LinearProbe()(train, test)['top1'], abs=1)


def test_two_runs_are_the_same_to_the_last_digit(splits):
    train, test = splits
    assert LinearProbe()(train, test) == LinearProbe()(train, test)


def test_a_dimension_that_never_changes_in_training_is_ignored(splits):
    train, test = splits
    ones = torch.ones(300, 1)
    dead_train = Features(torch.cat([train.features, ones], 1), train.labels)
    dead_test = Features(torch.cat([test.features, 1e6 * ones], 1), test.labels)
    assert LinearProbe()(dead_train, dead_test) == LinearProbe()(train, test)


def test_labels_with_a_gap_keep_their_names():
    train, test = clusters(300, 3, seed=1), clusters(300, 3, seed=2)
    gap = [Features(f, labels * 4) for f, labels in (train, test)]  # classes 0, 4 and 8
    result = LinearProbe()(*gap)
    assert result['top1'] == LinearProbe()(train, test)['top1']
    assert result['top5'] == 100  # three classes fill three of five places


def test_unusable_input_is_refused_in_a_sentence():
    one_class = Features(torch.randn(5, 3), torch.zeros(5, dtype=torch.int64))
    with pytest.raises(ValueError, match='only one class'):
        LinearProbe()(one_class, one_class)
    with pytest.raises(ValueError, match='C of the linear probe must be above 0, got 0'):
        LinearProbe(C=0)
