"""The table of the family: each loss beside its authors' form, of one value."""

import json

import pytest
import torch

import family
from measure.authors import FAMILY
from mmbarlow.loss import InputError


@pytest.mark.parametrize('name', FAMILY)
@pytest.mark.parametrize(('N', 'D'), [(12, 40), (60, 16)])
def test_both_sides_of_a_row_are_one_loss(name, N, D):
    generator = torch.Generator().manual_seed(0)
    views = torch.randn(2, N, D, generator=generator, dtype=torch.float64).requires_grad_()
    make, theirs, _ = FAMILY[name]
    ours = make(D).double().eval()
    if name == 'wmse' and N <= D:
        with pytest.raises(InputError, match='more than 40 samples'):
            ours(*views)
        return
    gradients = []
    for loss in (ours, theirs):
        value = loss(*views.unbind())
        gradients.append((value.detach(), torch.autograd.grad(value, views)[0]))
    for one, other in zip(*gradients, strict=True):
        assert (one - other).norm() <= 1e-12 * other.norm()


def test_a_record_and_a_page_come_out(run_tool, tmp_path):
    record, page = tmp_path / 'record.json', tmp_path / 'page.md'
    options = ('--losses', 'vicreg', 'wmse', '--shapes', '16x32', '--rounds', '1')
    status, out, err = run_tool(
        *('speed/family.py', *options, '--device', 'cpu', '--out', record, '--page', page)
    )
    assert status == 0, err
    first, second = json.loads(record.read_text())['rows']
    assert first['times'] == pytest.approx(first['authors_ms'] / first['ours_ms'])
    assert second['reason'] == 'it takes more samples than dimensions'
    assert f'| vicreg | 16 x 32 | D x D | {first["ours_ms"]:.0f} ms |' in page.read_text()


def test_the_share_of_memory_is_left_out_where_it_is_too_small_to_count():
    of = dict(device='cpu', threads=2, torch='2', date='2026-01-01', rounds=1)
    row = dict(loss='vicreg', N=16, D=32, builds='D x D', ours_ms=1, authors_ms=1, times=1)
    rows = [row | dict(D=D, ours_mb=mb, authors_mb=60) for D, mb in [(32, 0), (8192, 12)]]
    page = family.page([of | dict(rows=rows)])
    assert '| 0 MB | 60 MB | – |' in page
    assert '| 12 MB | 60 MB | 1/5.0 |' in page


def test_a_loss_that_does_not_exist_is_named(run_tool):
    status, _, err = run_tool('speed/family.py', '--losses', 'vicregg')
    assert status == 2
    assert "loss 'vicregg' does not exist: take vicreg, hsic" in err
