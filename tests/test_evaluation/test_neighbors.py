"""Neighbors and near-duplicates against all products in float64."""

import numpy as np
import pytest
import torch

from mmbarlow.evaluation import neighbors
from mmbarlow.evaluation.neighbors import nearest, nearest_others, similar_pairs


@pytest.fixture
def features() -> torch.Tensor:
    """Features as after a ReLU, in 40 clusters, of which some rows are the same."""
    generator = torch.Generator().manual_seed(0)
    centers = torch.randn(40, 24, generator=generator)
    x = centers.repeat(8, 1) + 0.3 * torch.randn(320, 24, generator=generator)
    x = x.relu()
    x[100] = x[7]
    x[200] = 3 * x[7]
    return x


def cosines(features: torch.Tensor) -> np.ndarray:
    x = features.double().numpy()
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    return x @ x.T


@pytest.mark.parametrize('max_bytes', [2**12, 2**28])
def test_the_nearest_are_those_of_brute_force_in_any_blocks(features, max_bytes, monkeypatch):
    monkeypatch.setattr(neighbors, 'MAX_BYTES', max_bytes)
    wanted = cosines(features)[:50]
    value, index = nearest(features, features[:50], 9)
    ranked = -np.sort(-wanted, axis=1)[:, :9]
    np.testing.assert_allclose(value.numpy(), ranked, atol=1e-6)
    np.testing.assert_allclose(np.take_along_axis(wanted, index.numpy(), 1), ranked, atol=1e-6)


@pytest.mark.parametrize('max_bytes', [2**14, 2**28])
def test_no_row_is_its_own_neighbor(features, max_bytes, monkeypatch):
    monkeypatch.setattr(neighbors, 'MAX_BYTES', max_bytes)
    wanted = cosines(features)
    np.fill_diagonal(wanted, -2)
    parts = list(nearest_others(features, 5))
    value, index = (torch.cat(x).numpy() for x in zip(*parts, strict=True))
    assert (index != np.arange(320)[:, None]).all()
    np.testing.assert_allclose(value, -np.sort(-wanted, axis=1)[:, :5], atol=1e-6)
    assert set(index[7, :2]) == {100, 200}


def test_of_many_equal_rows_each_has_others():
    found = torch.cat([index for _, index in nearest_others(torch.ones(30, 4), 3)])
    assert found.shape == (30, 3)
    assert (found != torch.arange(30)[:, None]).all()


@pytest.mark.parametrize('cached', [2**12, 2**25])
def test_pairs_are_all_those_from_the_threshold_on(features, cached, monkeypatch):
    monkeypatch.setattr(neighbors, 'CACHED_BYTES', cached)
    wanted = cosines(features)
    a, b = np.nonzero(np.triu(wanted >= 0.93, 1))
    found = similar_pairs(features, 0.93)
    pairs = list(zip(found.first.tolist(), found.second.tolist(), strict=True))
    assert found.total == len(pairs) == len(a) > 100
    assert set(pairs) == set(zip(a.tolist(), b.tolist(), strict=True))
    assert set(pairs[:3]) == {(7, 100), (7, 200), (100, 200)}
    ranked = wanted[found.first, found.second]
    np.testing.assert_allclose(found.similarity.numpy(), ranked, atol=1e-6)
    assert (np.diff(found.similarity.numpy()) <= 0).all()


def test_of_too_many_pairs_the_most_similar_are_kept(features, monkeypatch):
    monkeypatch.setattr(neighbors, 'CACHED_BYTES', 2**12)
    whole, some = similar_pairs(features, 0.93), similar_pairs(features, 0.93, most=60)
    assert (some.total, len(some.first)) == (whole.total, 60)
    assert torch.equal(some.similarity, whole.similarity[:60])


def test_equal_rows_are_a_pair_at_a_threshold_of_one(features):
    assert similar_pairs(features, 1.0).total == 3
    assert similar_pairs(features.half(), 1.0).total == 3
