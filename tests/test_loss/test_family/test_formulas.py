"""Value and gradient of each loss against its authors' formula."""

from itertools import product

import authors
import pytest
import torch
from members import MEMBERS, distance, embeddings, value_and_gradients

from mmbarlow.loss import (
    CorInfoMaxLoss,
    InputError,
    MMCRLoss,
    SIGRegLoss,
    TiCoLoss,
    VICRegLoss,
    WMSELoss,
)

SIZES = dict(few=(12, 40), many=(60, 16))
CASES = [
    (name, size, form)
    for name, size in product(MEMBERS, SIZES)
    for form in (('direct', 'gram') if MEMBERS[name].forms else ('auto',))
    if size == 'many' or MEMBERS[name].few
]


@pytest.mark.parametrize('views', [2, 3, 4])
@pytest.mark.parametrize(('name', 'size', 'form'), CASES)
def test_value_and_gradient_are_those_of_the_authors_formula(name, size, form, views):
    N, D = SIZES[size]
    member, z = MEMBERS[name], embeddings(views, N, D)
    wanted = value_and_gradients(member.formula, z)
    criterion = member.make(D, views, form).double()
    for got, correct in zip(value_and_gradients(criterion, z), wanted, strict=True):
        assert distance(got, correct) < 1e-12


@pytest.mark.parametrize(('name', 'size', 'form'), CASES)
def test_in_fp32_they_are_exact_to_1e_5(name, size, form):
    N, D = SIZES[size]
    member, z = MEMBERS[name], embeddings(2, N, D, torch.float32)
    formula = authors.sigreg if name == 'sigreg' else member.formula
    wanted = value_and_gradients(formula, [x.detach().double().requires_grad_() for x in z])
    if name == 'sigreg':  # draws of another type are other ones
        wanted = value_and_gradients(formula, z)
    for got, correct in zip(value_and_gradients(member.make(D, 2, form), z), wanted, strict=True):
        assert got.dtype == torch.float32
        assert distance(got.double(), correct.double()) < 1e-5


def steps(criterion, batches: list[list[torch.Tensor]]) -> list[float]:
    return [criterion(*views).item() for views in batches]


def batches(N: int = 30, D: int = 12, count: int = 3) -> list[list[torch.Tensor]]:
    """Views of several steps, one after the other from one set."""
    split = [z.detach().split(N) for z in embeddings(2, count * N, D)]
    return [list(views) for views in zip(*split, strict=True)]


@pytest.mark.parametrize(
    ('make', 'formula'),
    [(CorInfoMaxLoss, authors.corinfomax), (TiCoLoss, authors.tico)],
)
def test_a_memory_moves_as_the_authors_one_is_saved_and_stands_still_in_eval_mode(make, formula):
    memory, data = {}, batches()
    wanted = [formula(*views, memory).item() for views in data]
    criterion, resumed = make(12).double(), make(12).double()
    got = steps(criterion, data[:2])
    resumed.load_state_dict(criterion.state_dict())
    criterion.eval()
    assert steps(criterion, [data[2]] * 2) == pytest.approx([wanted[2]] * 2, rel=1e-12)
    assert [*got, *steps(resumed, data[2:])] == pytest.approx(wanted, rel=1e-12)


def test_directions_are_others_in_each_step_and_those_of_the_step_after_resuming():
    criterion, resumed, (views, *_) = SIGRegLoss().double(), SIGRegLoss().double(), batches()
    wanted = [authors.sigreg(*views, step=step).item() for step in range(3)]
    assert len(set(wanted)) == 3
    got = steps(criterion, [views] * 2)
    resumed.load_state_dict(criterion.state_dict())
    assert [*got, *steps(resumed, [views])] == pytest.approx(wanted, rel=1e-12)


def test_slices_are_whitened_each_by_itself_and_cut_anew_in_each_draw():
    views = [z.detach() for z in embeddings(2, 40, 6)]
    generator, losses = torch.Generator().manual_seed(0), []
    for _ in 'ab':
        for rows in torch.randperm(40, generator=generator).view(-1, 10):
            losses.append(authors.wmse(*(z[rows] for z in views)))
    got = WMSELoss(size=10, draws=2).double()(*views)
    assert distance(got, torch.stack(losses).mean()) < 1e-12


def test_manifolds_of_many_views_have_their_nuclear_norms():
    views = embeddings(4, 20, 12)

    def formula(*z: torch.Tensor) -> torch.Tensor:
        return authors.mmcr(*z, weight=0.3)

    wanted = value_and_gradients(formula, views)
    for got, correct in zip(value_and_gradients(MMCRLoss(0.3), views), wanted, strict=True):
        assert distance(got, correct) < 1e-12


@pytest.mark.parametrize('name', MEMBERS)
def test_equal_views_and_equal_samples_have_a_finite_gradient(name):
    """As where the network has collapsed, or at its start."""
    z = torch.randn(30, 12).repeat_interleave(2, 0)
    views = [z.clone().requires_grad_() for _ in 'ab']
    if name == 'wmse':
        z[:, 1] = z[:, 0]
        with pytest.raises(InputError, match='nothing whitens them: set eps of WMSELoss'):
            WMSELoss()(z, z)
        return
    found = value_and_gradients(MEMBERS[name].make(12, 2, 'auto'), views)
    assert all(x.isfinite().all() for x in found)


@pytest.mark.parametrize('name', MEMBERS)
def test_half_precision_under_autocast_is_computed_in_fp32(name):
    views = [z.detach().bfloat16() for z in embeddings(2, 40, 12)]
    with torch.autocast('cpu', torch.bfloat16):
        got = MEMBERS[name].make(12, 2, 'auto')(*views)
    wanted = MEMBERS[name].make(12, 2, 'auto')(*(z.float() for z in views))
    assert got.dtype == torch.float32
    assert torch.equal(got, wanted)


@pytest.mark.parametrize(
    ('make', 'says'),
    [
        (lambda: VICRegLoss(form='grams'), "take 'auto', 'direct' or 'gram'"),
        (lambda: VICRegLoss()(torch.randn(4, 8)), 'got 1: give two or more'),
        (lambda: VICRegLoss()(torch.randn(4, 8), torch.randn(5, 8)), 'must both be'),
        (lambda: WMSELoss()(*torch.randn(2, 8, 8)), 'more than 8 samples, and a slice has 8 of 8'),
        (lambda: WMSELoss(size=4)(*torch.randn(2, 8, 4)), 'a slice has 4 of 8: take a larger'),
        (lambda: CorInfoMaxLoss(8)(*torch.randn(3, 9, 8)), 'for 2 views, got 3: set its views=3'),
        (lambda: TiCoLoss(16)(*torch.randn(2, 9, 8)), 'have 8 dimensions and the head 16'),
    ],
)
def test_bad_input_is_one_sentence(make, says):
    with pytest.raises(InputError, match=says):
        make()
