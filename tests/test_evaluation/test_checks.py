import pytest
import torch

from mmbarlow.evaluation.checks import check_classes
from mmbarlow.evaluation.features import Features


def split(n: int = 6, dims: int = 4, classes: int = 3) -> Features:
    return Features(torch.randn(n, dims), torch.arange(n) % classes)


def with_values(count: int, value: float) -> Features:
    features, labels = split()
    features[:count, 1] = value
    return Features(features, labels)


def test_counts_the_classes_of_the_train_split():
    assert check_classes(split(classes=3), split(classes=2)) == 3


@pytest.mark.parametrize(
    ('train', 'test', 'message'),
    [
        (split(0), split(), 'train features must be .* not empty'),
        (split(), split(0), 'test features must be .* not empty'),
        (split(dims=4), split(dims=5), '4 dimensions and the test features 5'),
        (split(classes=2), split(classes=3), 'label 2, but the train split has none above 1'),
        (split(), with_values(2, float('nan')), '2 of 6 features of the test split are NaN'),
        (with_values(3, float('inf')), split(), '3 of 6 features of the train split are NaN'),
        (Features(torch.randn(6, 4), torch.arange(6) - 1), split(), 'label -1: labels start at 0'),
        (
            Features(torch.randn(6, 4), torch.arange(5)),
            split(),
            'each sample needs one whole number',
        ),
        (Features(torch.randn(6, 4), torch.rand(6)), split(), 'each sample needs one whole number'),
        (Features(torch.randn(6), torch.arange(6)), split(), r'\(samples, dimensions\)'),
    ],
)
def test_bad_features_are_refused_with_what_is_wrong_and_where(train, test, message):
    with pytest.raises(ValueError, match=message):
        check_classes(train, test)
