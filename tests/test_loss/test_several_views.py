"""Several views: the loss of all pairs, at a cost that grows with the views alone."""

import itertools

import pytest
import torch
from torch import Tensor

from mmbarlow.loss import BarlowTwinsLoss, InputError, barlow_twins_loss

LAMBD = 0.03
RULES = [('all', None), ('global', 2), ('global', 3), ('global-any', 1), ('global-any', 2)]


def views_of(V: int, N: int, D: int, dtype=torch.float64, mean: float = 0.0) -> list[Tensor]:
    generator = torch.Generator().manual_seed(V + N + D)
    shared = torch.randn(N, D, generator=generator, dtype=torch.float64) + mean
    noise = torch.randn(V, N, D, generator=generator, dtype=torch.float64)
    return [(shared + 0.7 * z).to(dtype).requires_grad_() for z in noise]


def places(V: int, rule: str, G: int | None) -> list[tuple[int, int]]:
    G = V if G is None else G
    least = {'all': 0, 'global': 2, 'global-any': 1}[rule]  # global views in a pair
    return [(a, b) for a, b in itertools.combinations(range(V), 2) if (a < G) + (b < G) >= least]


def formula(views: list[Tensor], rule: str, G: int | None) -> tuple[Tensor, Tensor]:
    """Mean over the pairs of the terms of the paper's loss, through each matrix C, in float64."""
    z = [v.double() for v in views]
    z = [(v - v.mean(0)) / (v.var(0, correction=0) + 1e-5).sqrt() for v in z]
    terms = []
    for a, b in places(len(views), rule, G):
        c = z[a].T @ z[b] / len(z[a])
        off = c - torch.diag(c.diagonal())
        terms.append(torch.stack([(1 - c.diagonal()).square().sum(), LAMBD * off.square().sum()]))
    return torch.stack(terms).mean(0).unbind()


def with_gradients(terms: tuple[Tensor, Tensor], views: list[Tensor]) -> list[Tensor]:
    """Both terms, and the gradient of each with respect to all views."""
    found = [term.detach().double() for term in terms]
    for term in terms:
        grads = torch.autograd.grad(term, views, retain_graph=True, materialize_grads=True)
        found.append(torch.stack(grads).double())
    return found


@pytest.mark.parametrize('form', ['gram', 'direct'])
@pytest.mark.parametrize(('rule', 'G'), RULES)
@pytest.mark.parametrize(('V', 'N', 'D'), [(3, 12, 40), (4, 40, 12), (8, 9, 20), (5, 300, 7)])
def test_values_and_gradients_are_those_of_all_pairs_by_the_formula(form, rule, G, V, N, D):
    views = views_of(V, N, D)
    loss = BarlowTwinsLoss(LAMBD, form, pairs=rule, global_views=G)
    found = with_gradients(loss.terms(*views), views)
    expected = with_gradients(formula(views, rule, G), views)
    for one, other in zip(found, expected, strict=True):
        assert torch.allclose(one, other, rtol=1e-12, atol=1e-12 * other.abs().max())


@pytest.mark.parametrize('form', ['gram', 'direct'])
@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(('V', 'N', 'D'), [(3, 64, 200), (8, 64, 200), (4, 200, 64)])
def test_in_fp32_they_are_right_to_1e_5(form, dtype, V, N, D):
    views = views_of(V, N, D, dtype, mean=3.0)
    found = with_gradients(BarlowTwinsLoss(LAMBD, form).terms(*views), views)
    expected = with_gradients(formula(views, 'all', None), views)
    for one, other in zip(found[:2], expected[:2], strict=True):
        assert one.item() == pytest.approx(other.item(), rel=1e-5)
    bound = 1e-5 if dtype == torch.float32 else 2**-8  # the gradients are as coarse as the views
    for one, other in zip(found[2:], expected[2:], strict=True):
        assert (one - other).norm() <= bound * other.norm()


def test_two_views_are_bit_for_bit_the_loss_of_two():
    views = views_of(2, 50, 30, torch.float32)
    for form in ('direct', 'gram'):
        for rule, G in (('all', None), ('global', 2), ('global-any', 1)):
            loss = BarlowTwinsLoss(LAMBD, form, pairs=rule, global_views=G)
            two = BarlowTwinsLoss(LAMBD, form)
            found = with_gradients(loss.terms(*views), views)
            assert all(map(torch.equal, found, with_gradients(two.terms(*views), views)))


def test_auto_takes_the_gram_form_of_many_views_where_pairs_would_cost_more():
    from mmbarlow.loss.cost import cheaper_form

    assert cheaper_form(1500, 512, 1) == 'direct'
    assert cheaper_form(1500, 512, 1, views=8, pairs=28) == 'gram'
    assert cheaper_form(10_000, 512, 1, views=8, pairs=28) == 'direct'
    # Where two views are direct, since Gram has more small operations, several of them are not.
    assert cheaper_form(128, 128, 1) == 'direct'
    assert cheaper_form(128, 128, 1, views=4, pairs=6) == 'gram'


@pytest.mark.parametrize(
    ('views', 'options', 'says'),
    [
        (1, {}, 'the loss compares views of an image, and got 1: give two or more'),
        (3, dict(pairs='best'), "pairs 'best' do not exist: take 'all', 'global' or 'global-any'"),
        (3, dict(pairs='global', global_views=1), "3 views make no pair by the rule 'global'"),
        (3, dict(pairs='global', global_views=4), 'global_views is 4, of 3 views: take 1 to 3'),
    ],
)
def test_bad_input_is_one_sentence(views, options, says):
    with pytest.raises(InputError, match=says):
        barlow_twins_loss(*views_of(views, 8, 4), **options)


def test_views_of_different_n_and_an_option_among_the_views_are_named():
    z = views_of(3, 8, 4)
    with pytest.raises(
        InputError, match=r'views must all be \(n, D\), got \(8, 4\) and \(8, 4\) and'
    ):
        barlow_twins_loss(z[0], z[1], z[2][:5])
    with pytest.raises(InputError, match='one view is 0.005: give options by their names'):
        barlow_twins_loss(z[0], z[1], 0.005)
