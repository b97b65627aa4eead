"""Values without labels, against closed forms and against scipy in float64."""

import math

import numpy as np
import pytest
import scipy.linalg
import torch

from mmbarlow.evaluation.label_free import alpha_req, dead_dimensions, lidar, rankme, smooth_rank


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def orthogonal(n: int, k: int, seed: int = 0) -> torch.Tensor:
    """k orthonormal columns of zero mean, (n, k)."""
    columns = random(n, k, seed=seed)
    return torch.linalg.qr(columns - columns.mean(0)).Q


def with_eigenvalues(values: torch.Tensor, n: int, D: int) -> torch.Tensor:
    """(n, D) whose covariance has these eigenvalues."""
    rotation = torch.linalg.qr(random(D, D, seed=1)).Q[:, : len(values)]
    return math.sqrt(n) * (orthogonal(n, len(values)) * values.sqrt()) @ rotation.T


def test_rankme_of_k_equal_directions_is_k():
    for k in (1, 7, 32):
        x = with_eigenvalues(torch.ones(k, dtype=torch.float64), 200, 32)
        assert rankme(x) == pytest.approx(k, rel=1e-4)
        assert rankme(x.T) == pytest.approx(k, rel=1e-4)


def test_rankme_of_an_isotropic_gaussian_nears_its_dimensions():
    assert 31.8 < rankme(random(20_000, 32)) <= 32.001


def test_rankme_is_that_of_the_paper_with_its_epsilon():
    x = random(40, 100) * torch.linspace(0, 2, 100)
    s = np.linalg.svd(x.numpy(), compute_uv=False)
    p = s / s.sum() + 1e-7
    assert rankme(x) == pytest.approx(np.exp(-(p * np.log(p)).sum()), rel=1e-12)


def test_rankme_is_not_centered():
    x = with_eigenvalues(torch.ones(4, dtype=torch.float64), 50, 8)
    assert rankme(x + 1e6) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(('alpha', 'D'), [(0.5, 200), (1.0, 64), (2.0, 16), (1.3, 6), (0.0, 32)])
def test_alpha_of_an_exact_power_law_is_its_exponent(alpha, D):
    values = torch.arange(1, D + 1, dtype=torch.float64) ** -alpha
    assert alpha_req(with_eigenvalues(values, 400, D)) == pytest.approx(alpha, abs=1e-8)
    x = with_eigenvalues(values, 400, D)
    assert alpha_req(5 * x + 3) == pytest.approx(alpha, abs=1e-7)  # of the covariance


def test_alpha_fits_ranks_4_to_100_with_weights_1_over_rank():
    """numpy's own weighted fit, whose weights are square roots."""
    x = random(300, 150) * torch.logspace(0, -1, 150)
    values = np.sort(np.linalg.eigvalsh(np.cov(x.numpy().T, bias=True)))[::-1]
    k = np.arange(4, 101)
    slope = np.polyfit(np.log(k), np.log(values[3:100]), 1, w=1 / np.sqrt(k))[0]
    assert alpha_req(x) == pytest.approx(-slope, rel=1e-9)


def test_alpha_leaves_out_what_rounding_has_left():
    values = torch.arange(1, 21, dtype=torch.float64) ** -1.0
    x = with_eigenvalues(values, 200, 64).float()
    assert alpha_req(x) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(('N', 'V', 'D'), [(200, 5, 12), (40, 2, 64), (6, 2, 100), (50, 3, 8)])
def test_lidar_is_the_rank_of_the_generalized_eigenvalues(N, V, D):
    """scipy solves S_b v = lambda S_w v, which has the eigenvalues of S_w^-1/2 S_b S_w^-1/2."""
    x = random(N, 1, D) * torch.linspace(0.1, 2, D) + 0.3 * random(N, V, D, seed=1) + 5
    means = x.mean(1)
    s_b = np.cov(means.numpy().T, bias=True)
    within = (x - means[:, None]).flatten(0, 1).numpy()
    s_w = within.T @ within / (N * V) + 1e-4 * np.eye(D)
    values = scipy.linalg.eigh(s_b, s_w, eigvals_only=True)[::-1][: min(N, D)].clip(0)
    p = values / values.sum() + 1e-8
    assert lidar(x) == pytest.approx(np.exp(-(p * np.log(p)).sum()), rel=1e-5)


def test_lidar_counts_the_directions_that_tell_images_apart():
    """k directions between images, of equal signal to noise; all others are noise within."""
    k, D, N = 5, 20, 400
    signal = torch.zeros(N, D, dtype=torch.float64)
    signal[:, :k] = math.sqrt(N) * orthogonal(N, k)
    noise = 0.1 * random(N, D, seed=3)
    x = torch.stack([signal + noise, signal - noise], 1)  # the means are the signal, exactly
    assert lidar(x) == pytest.approx(k, rel=0.01)
    assert rankme(x.flatten(0, 1)) > 2 * k  # which takes the noise for directions


def test_lidar_with_more_dimensions_than_images_is_bound_by_them():
    x = random(16, 1, 300) + 0.1 * random(16, 2, 300, seed=1)
    assert 1 < lidar(x) <= 15.001


def test_lidar_wants_two_views_of_each_image():
    with pytest.raises(ValueError, match='V >= 2 views, not \\(5, 1, 3\\)'):
        lidar(torch.zeros(5, 1, 3))


def test_dead_dimensions_are_those_below_the_eps_of_the_loss():
    x = random(500, 8)
    x[:, 2] = 3.0
    x[:, 5] *= 1e-3
    assert dead_dimensions(x) == 2
    assert dead_dimensions(torch.zeros(4, 8)) == 8


def views(x: torch.Tensor) -> torch.Tensor:
    return torch.stack([x, x], 1)


def test_degenerate_embeddings_have_values_and_no_errors():
    zero, one = torch.zeros(6, 4), random(1, 4)
    assert (rankme(zero), lidar(views(zero))) == (0, 0)
    assert math.isnan(alpha_req(zero))
    assert rankme(one) == pytest.approx(1, rel=1e-4)
    assert lidar(views(one)) == 0
    assert math.isnan(alpha_req(one))
    assert dead_dimensions(one) == 4
    same = views(random(30, 4))  # no difference within an image: delta alone is divided by
    assert 1 < lidar(same) <= 4.001


@pytest.mark.parametrize('bad', [math.nan, math.inf])
def test_what_is_not_finite_is_nan(bad):
    x = random(10, 4)
    x[3, 1] = bad
    for value in (rankme(x), alpha_req(x), lidar(views(x)), dead_dimensions(x)):
        assert math.isnan(value)
    assert math.isnan(smooth_rank(torch.tensor([1.0, bad])))
    assert math.isnan(rankme(torch.zeros(0, 4)))


def test_bf16_is_computed_in_float64():
    x = random(64, 16).bfloat16().requires_grad_()
    for value in (rankme, alpha_req, dead_dimensions):
        assert value(x) == value(x.double())
    assert lidar(views(x)) == lidar(views(x.double()))
