import numpy as np
import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier

from mmbarlow.evaluation import knn, neighbors
from mmbarlow.evaluation.features import Features
from mmbarlow.evaluation.knn import KNN, knn_predict
from mmbarlow.evaluation.neighbors import fast_topk
from mmbarlow.registry import METRICS

CLASSES = 12


def clusters(n: int, seed: int, dims: int = 16) -> Features:
    """Overlapping clusters, so that neighbors disagree and the weights matter."""
    centers = torch.randn(CLASSES, dims, generator=torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(CLASSES, (n,), generator=generator)
    noise = torch.randn(n, dims, generator=generator)
    return Features(3 * (centers[labels] + noise), labels)


@pytest.fixture(scope='module')
def bank() -> Features:
    return clusters(700, seed=1)


@pytest.fixture(scope='module')
def queries() -> Features:
    return clusters(300, seed=2)


@pytest.mark.parametrize('temperature', [0.07, 1.0])
@pytest.mark.parametrize('k', [1, 10, 100])
def test_predicts_what_scikit_learn_predicts(bank, queries, k, temperature):
    reference = KNeighborsClassifier(
        k, metric='cosine', weights=lambda distance: np.exp((1 - distance) / temperature)
    ).fit(bank.features.double().numpy(), bank.labels.numpy())
    expected = reference.predict(queries.features.double().numpy())
    ranked = knn_predict(bank, queries.features, [k], temperature)[k]
    np.testing.assert_array_equal(ranked[:, 0].numpy(), expected)


def test_the_first_five_classes_are_those_with_the_most_votes_in_scikit_learn(bank, queries):
    reference = KNeighborsClassifier(
        50, metric='cosine', weights=lambda distance: np.exp((1 - distance) / 0.07)
    ).fit(bank.features.double().numpy(), bank.labels.numpy())
    votes = reference.predict_proba(queries.features.double().numpy())
    ranked = knn_predict(bank, queries.features, [50])[50]
    for row, vote in zip(ranked.tolist(), votes, strict=True):
        voted = [c for c in np.argsort(-vote) if vote[c] > 0][:5]
        assert row == voted + [-1] * (5 - len(voted))


@pytest.mark.parametrize('max_bytes', [2**10, 2**14])
def test_the_size_of_the_blocks_changes_nothing(bank, queries, max_bytes, monkeypatch):
    k = [5, 50]
    whole = knn_predict(bank, queries.features, k)
    for module in (knn, neighbors):
        monkeypatch.setattr(module, 'MAX_BYTES', max_bytes)
    blocks = knn_predict(bank, queries.features, k)
    assert all(torch.equal(whole[n], blocks[n]) for n in k)


def test_no_block_of_similarities_exceeds_the_budget(bank, queries, monkeypatch):
    largest = 0

    def watched(similarity, k):
        nonlocal largest
        largest = max(largest, similarity.nbytes)
        return fast_topk(similarity, k)

    monkeypatch.setattr(neighbors, 'fast_topk', watched)
    for module in (knn, neighbors):
        monkeypatch.setattr(module, 'MAX_BYTES', 2**14)
    knn_predict(bank, queries.features, [10])
    assert 2**13 < largest <= 2**14


@pytest.mark.parametrize(('columns', 'k'), [(1000, 5), (1003, 7), (50, 20), (7, 7), (400, 1)])
def test_the_largest_by_groups_are_the_largest(columns, k):
    x = torch.randn(30, columns, generator=torch.Generator().manual_seed(columns))
    x[:, ::7] = x[:, :1]  # ties
    value, index = fast_topk(x, k)
    assert torch.equal(value.sort(descending=True).values, x.topk(k).values)
    assert torch.equal(x.gather(1, index), value)
    assert all(len(row.unique()) == k for row in index)


def test_a_bank_in_half_precision_is_searched_as_its_rounded_numbers(bank, queries):
    half = Features(bank.features.half(), bank.labels)
    rounded = Features(half.features.float(), bank.labels)
    ranked = knn_predict(half, queries.features, [20])[20]
    assert torch.equal(ranked, knn_predict(rounded, queries.features, [20])[20])
    assert (
        ranked[:, 0] == knn_predict(bank, queries.features, [20])[20][:, 0]
    ).float().mean() > 0.99


def test_a_bank_of_one_image_answers_for_all(queries):
    bank = Features(torch.ones(1, 16), torch.tensor([3]))
    assert (knn_predict(bank, queries.features, [200])[200][:, 0] == 3).all()


def test_all_k_in_one_pass_equal_separate_passes(bank, queries):
    together = knn_predict(bank, queries.features, [200, 1, 20])
    assert list(together) == [200, 1, 20]
    for k, ranked in together.items():
        assert torch.equal(ranked, knn_predict(bank, queries.features, [k])[k])


def test_k_above_the_bank_counts_as_the_whole_bank(bank, queries):
    ranked = knn_predict(bank, queries.features, [700, 5000])
    assert torch.equal(ranked[700], ranked[5000])


def test_a_tiny_temperature_leaves_the_vote_to_the_nearest(bank, queries):
    ranked = knn_predict(bank, queries.features, [1, 20], temperature=1e-6)
    assert torch.equal(ranked[1][:, 0], ranked[20][:, 0])


def test_a_class_without_neighbors_is_no_prediction(bank, queries):
    ranked = knn_predict(bank, queries.features, [1])[1]
    assert (ranked[:, 0] >= 0).all()
    assert (ranked[:, 1:] == -1).all()


def test_knn_does_not_depend_on_the_length_of_features(bank, queries):
    scale = torch.rand(len(queries.features), 1) + 0.5
    a = knn_predict(bank, queries.features, [20])[20]
    b = knn_predict(bank, queries.features * scale, [20])[20]
    assert torch.equal(a[:, 0], b[:, 0])


def test_reports_percent_by_name_for_each_k(bank, queries):
    result = METRICS.build(dict(type='mmbarlow.KNN', k=(10, 20)))(bank, queries)
    assert list(result) == ['top1_k10', 'top5_k10', 'top1_k20', 'top5_k20']
    ranked = knn_predict(bank, queries.features, [10])[10]
    hits = [label in row for row, label in zip(ranked.tolist(), queries.labels, strict=True)]
    assert result['top5_k10'] == pytest.approx(100 * np.mean(hits))
    assert 100 / CLASSES < result['top1_k10'] < result['top5_k10'] < 100


def test_five_classes_have_no_top5(bank, queries):
    few = [Features(f[labels < 5], labels[labels < 5]) for f, labels in (bank, queries)]
    assert list(KNN(k=[3])(*few)) == ['top1_k3']


def test_k_below_one_and_no_temperature_are_refused():
    for k in ([], [0], [10, -1]):
        with pytest.raises(ValueError, match='from 1 up'):
            KNN(k=k)
    with pytest.raises(ValueError, match='temperature'):
        KNN(temperature=0)
