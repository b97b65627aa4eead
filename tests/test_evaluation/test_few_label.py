import pytest
import torch

from mmbarlow.evaluation.features import Features
from mmbarlow.evaluation.few_label import FewLabelKNN
from mmbarlow.evaluation.knn import KNN
from mmbarlow.registry import METRICS


def test_raw_pixels_of_digits_give_what_the_protocol_is_known_to_give(digits):
    result = METRICS.build(dict(type='mmbarlow.FewLabelKNN'))(*digits)
    assert list(result) == ['top1_mean', 'top1_std']
    assert result['top1_mean'] == pytest.approx(85.6, abs=0.3)
    assert 1 < result['top1_std'] < 5


def test_the_same_samples_are_drawn_whatever_the_features_and_the_state_of_torch(digits):
    labels = digits[0].labels
    protocol = FewLabelKNN(labels_per_class=3, draws=4, seed=7)
    torch.manual_seed(1)
    first = [index.tolist() for index in protocol._draw(labels, 10)]
    torch.manual_seed(2)
    assert first == [index.tolist() for index in protocol._draw(labels, 10)]
    assert len({tuple(draw) for draw in first}) == 4
    other_seed = FewLabelKNN(labels_per_class=3, draws=4, seed=8)._draw(labels, 10)
    assert first != [index.tolist() for index in other_seed]


def test_each_draw_has_n_different_samples_of_every_class(digits):
    labels = digits[0].labels
    for index in FewLabelKNN(labels_per_class=6)._draw(labels, 10):
        assert len(index.unique()) == 60
        assert labels[index].bincount().tolist() == [6] * 10


def test_a_draw_of_few_labels_is_part_of_the_same_draw_of_more(digits):
    labels = digits[0].labels
    few, more = (list(FewLabelKNN(labels_per_class=n)._draw(labels, 10)) for n in (2, 8))
    for small, large in zip(few, more, strict=True):
        assert set(small.tolist()) < set(large.tolist())
    assert len({tuple(index.tolist()) for index in few}) == 5  # the five draws differ


def test_with_all_labels_every_draw_is_plain_knn():
    features = torch.randn(40, 5, generator=torch.Generator().manual_seed(0))
    train = Features(features[:20], torch.arange(20) % 4)
    test = Features(features[20:], torch.arange(20) % 4)
    result = FewLabelKNN(labels_per_class=5, draws=3, k=4)(train, test)
    assert result == dict(top1_mean=KNN(k=[4])(train, test)['top1_k4'], top1_std=0.0)


def test_the_spread_is_the_sample_deviation_over_the_draws(digits):
    seen = []

    class Watched(FewLabelKNN):
        def _draw(self, labels, classes):
            for index in super()._draw(labels, classes):
                bank = Features(digits[0].features[index], labels[index])
                seen.append(KNN(k=[5])(bank, digits[1])['top1_k5'])
                yield index

    result = Watched()(*digits)
    values = torch.tensor(seen, dtype=torch.float64)
    assert result['top1_mean'] == pytest.approx(values.mean().item())
    assert result['top1_std'] == pytest.approx(values.std(correction=1).item())
    assert FewLabelKNN(draws=1)(*digits)['top1_std'] == 0.0


def test_a_class_with_too_few_labels_is_named():
    labels = torch.tensor([0, 0, 0, 1, 1, 3, 3, 3])
    split = Features(torch.randn(8, 3), labels)
    with pytest.raises(ValueError, match='class 2 has 0 train samples, fewer than .* = 3'):
        FewLabelKNN(labels_per_class=3)(split, split)


@pytest.mark.parametrize('wrong', [dict(k=0), dict(draws=0), dict(labels_per_class=0)])
def test_numbers_below_one_are_refused(wrong):
    with pytest.raises(ValueError, match='at least 1|from 1 up'):
        FewLabelKNN(**wrong)
