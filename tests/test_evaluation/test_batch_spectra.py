"""What is read from sums over a batch, against the functions of the batch itself."""

import math

import pytest
import torch

from mmbarlow.evaluation.batch_spectra import CHUNK, read_spectrum, sums_of
from mmbarlow.evaluation.label_free import alpha_req, dead_dimensions, lidar, rankme
from mmbarlow.loss import GlobalBatch, cross_correlation


def two_views(n: int, D: int, scale: float = 1.0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    alike, a, b = torch.randn(3, n, D, generator=generator) * torch.linspace(0.1, 2, D) * scale
    return [alike + 0.3 * a + 1, alike + 0.3 * b + 1]


@pytest.mark.parametrize(
    ('n', 'D', 'scale'),
    [(40, 16, 1), (64, 300, 1), (32, 32, 1e-2), (30, 2 * CHUNK + 7, 1), (2, 8, 1), (64, 8, 1e3)],
)
def test_the_sums_have_all_that_the_batch_has(n, D, scale):
    views = two_views(n, D, scale)
    views[0][:, 3] = views[1][:, 3] = 2.5
    values, singular = read_spectrum(sums_of(views))
    assert values['rankme'] == pytest.approx(rankme(views[0]), rel=1e-4)
    wanted = alpha_req(views[0])
    assert values['alpha'] == pytest.approx(wanted, rel=1e-6, nan_ok=True)
    assert values['lidar'] == pytest.approx(lidar(torch.stack(views, 1)), rel=1e-6)
    assert values['dead'] == dead_dimensions(views[0]) >= 1
    c_DD = cross_correlation(*(x.double() for x in views), GlobalBatch((n,)))
    assert values['diagonal'] == pytest.approx(c_DD.diagonal().mean().item(), rel=1e-9)
    rest = c_DD[~torch.eye(D, dtype=torch.bool)].square().mean().sqrt().item()
    assert values['off_diagonal'] == pytest.approx(rest, rel=1e-6)
    wanted = torch.linalg.svdvals(views[0].double())
    assert singular == pytest.approx(wanted.tolist(), rel=1e-6, abs=1e-5 * wanted[0].item())


def test_one_view_has_no_correlations_and_no_lidar():
    views = two_views(20, 8)[:1]
    values, _ = read_spectrum(sums_of(views))
    assert values['rankme'] == pytest.approx(rankme(views[0]), rel=1e-6)
    assert all(math.isnan(values[name]) for name in ('lidar', 'diagonal', 'off_diagonal'))


def test_bf16_under_autocast_is_summed_in_float64():
    views = [x.bfloat16() for x in two_views(20, 8)]
    with torch.autocast('cpu', dtype=torch.bfloat16):
        sums = sums_of(views)
    assert torch.equal(sums.gram, sums_of([x.double() for x in views]).gram)


@pytest.mark.parametrize('bad', [math.nan, math.inf, 1e300])
def test_numbers_that_cannot_be_squared_are_no_error(bad):
    views = [x.double() for x in two_views(20, 8)]
    views[1][3, 2] = bad
    values, singular = read_spectrum(sums_of(views))
    assert all(math.isnan(v) for v in values.values())
    assert singular == []


def test_a_batch_of_zeros_or_of_one_image_is_no_error():
    values, _ = read_spectrum(sums_of([torch.zeros(6, 4)] * 2))
    assert (values['rankme'], values['lidar'], values['dead']) == (0, 0, 4)
    values, _ = read_spectrum(sums_of([torch.ones(1, 4)] * 2))
    assert (round(values['rankme'], 3), values['lidar']) == (1, 0)
