"""The loss against the formula of section 2.1 in float64, and its invariances."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from mmbarlow.errors import InputError
from mmbarlow.loss import cost, direct, loss_floor
from mmbarlow.models.cross_correlation_head import CrossCorrelationHead

FORMS = pytest.mark.parametrize('form', ['direct', 'gram', 'cached'], indirect=True)


@pytest.fixture
def form(request, monkeypatch) -> str:
    """'cached' is what 'direct' takes for embeddings that fit the cache, as all of this file do."""
    if request.param == 'direct':
        monkeypatch.setattr(cost, 'BLOCK', 0)
    return 'gram' if request.param == 'gram' else 'direct'


def formula(z_a, z_b, lambd, eps=1e-5):
    """L as the paper writes it, entry by entry, in float64."""
    z_a, z_b = z_a.double(), z_b.double()
    a = (z_a - z_a.mean(0)) / (z_a.var(0, unbiased=False) + eps).sqrt()
    b = (z_b - z_b.mean(0)) / (z_b.var(0, unbiased=False) + eps).sqrt()
    c = torch.einsum('ni,nj->ij', a, b) / len(a)
    off_diagonal = ~torch.eye(c.shape[0], dtype=torch.bool)
    return ((1 - c.diagonal()) ** 2).sum(), lambd * (c[off_diagonal] ** 2).sum()


def embeddings(n=32, d=24, seed=0, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    shared = torch.randn(n, d, generator=generator, dtype=torch.float64)
    views = [
        3 + shared + 0.5 * torch.randn(n, d, generator=generator, dtype=torch.float64) for _ in 'ab'
    ]
    return [view.to(dtype).requires_grad_() for view in views]


def against_the_formula(z_a, z_b, form, lambd=0.0051, autocast=None) -> tuple[float, float]:
    """Relative errors of the loss and of both gradients together, against float64."""
    with torch.autocast('cpu', dtype=autocast or torch.bfloat16, enabled=autocast is not None):
        terms = CrossCorrelationHead(z_a.shape[1], lambd, form).loss(z_a, z_b)
    got = torch.cat(torch.autograd.grad(sum(terms.values()), (z_a, z_b))).double()
    exact_a, exact_b = (z.detach().double().requires_grad_() for z in (z_a, z_b))
    expected = formula(exact_a, exact_b, lambd)
    wanted = torch.cat(torch.autograd.grad(sum(expected), (exact_a, exact_b)))
    loss = sum(expected).item()
    return abs(sum(terms.values()).item() - loss) / loss, (
        torch.norm(got - wanted) / torch.norm(wanted)
    ).item()


@FORMS
@pytest.mark.parametrize('n', [2, 3, 8, 9, 32, 64, 200, 256])
@pytest.mark.parametrize('d', [1, 2, 24, 64, 256, 300])
def test_loss_and_gradient_are_those_of_the_formula(n, d, form):
    loss_error, gradient_error = against_the_formula(*embeddings(n, d), form)
    assert loss_error < 1e-5
    assert gradient_error < 1e-4


@pytest.mark.gpu
@pytest.mark.parametrize('form', ['direct', 'gram', 'auto'])
@pytest.mark.parametrize(('n', 'd'), [(32, 24), (256, 8192), (2048, 512)])
@pytest.mark.parametrize('products', ['fp32', 'tf32', 'bf16 embeddings'])
def test_a_gpu_computes_the_loss_and_the_gradient_of_the_formula(n, d, form, products):
    """bf16 rounds the gradient, which has the embeddings' type: to 2^-9 of each number."""
    dtype = torch.bfloat16 if products == 'bf16 embeddings' else torch.float32
    on_gpu = [z.detach().cuda().requires_grad_() for z in embeddings(n, d, dtype=dtype)]
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision('highest' if products == 'fp32' else 'high')
    try:
        terms = CrossCorrelationHead(d, 0.0051, form).cuda().loss(*on_gpu)
        got = torch.cat(torch.autograd.grad(sum(terms.values()), on_gpu)).cpu().double()
    finally:
        torch.set_float32_matmul_precision(before)
    exact = [z.detach().cpu().double().requires_grad_() for z in on_gpu]
    expected = sum(formula(*exact, 0.0051))
    wanted = torch.cat(torch.autograd.grad(expected, exact))
    bounds = {'fp32': (1e-5, 1e-4), 'tf32': (1e-4, 2e-3), 'bf16 embeddings': (1e-4, 1e-2)}
    loss_bound, gradient_bound = bounds[products]
    assert sum(terms.values()).item() == pytest.approx(expected.item(), rel=loss_bound)
    assert torch.norm(got - wanted) < gradient_bound * torch.norm(wanted)


@pytest.mark.parametrize('form', ['direct', 'gram', 'auto'])
@pytest.mark.parametrize(('n', 'd'), [(16, 8192), (64, 2048)])
def test_a_sum_of_millions_of_squares_keeps_its_digits(n, d, form):
    z_a, z_b = (z.detach() for z in embeddings(n, d))
    got = CrossCorrelationHead(d, 0.0051, form).loss(z_a, z_b)
    a, b = ((z.double() - z.double().mean(0)) for z in (z_a, z_b))
    a, b = (x / (x.square().mean(0) + 1e-5).sqrt() for x in (a, b))
    c_D = (a * b).mean(0)
    # all D^2 squares of C, without C: <A A^T, B B^T> / N^2
    redundancy = 0.0051 * (((a @ a.T) * (b @ b.T)).sum() / n**2 - c_D.square().sum())
    assert got['loss_redundancy'].item() == pytest.approx(redundancy.item(), rel=1e-6)
    invariance = (1 - c_D).square().sum()
    assert got['loss_invariance'].item() == pytest.approx(invariance.item(), rel=1e-6)


@pytest.mark.parametrize('form', ['direct', 'gram'])
def test_several_blocks_make_the_same_loss(form, monkeypatch):
    """Blocks are a matter of memory: with small ones nothing changes."""
    monkeypatch.setattr(cost, 'BLOCK', 64)
    monkeypatch.setattr(cost.blocks, '__defaults__', (7,))
    monkeypatch.setattr(direct, 'ROWS', 7)
    for n, d in ((40, 50), (300, 20)):
        loss_error, gradient_error = against_the_formula(*embeddings(n, d), form)
        assert loss_error < 1e-5
        assert gradient_error < 1e-4


def collapsed_to_a_line(z_a, z_b):
    return [z[:, :1] * torch.linspace(-2, 2, z.shape[1]) for z in (z_a, z_b)]


@FORMS
@pytest.mark.parametrize(
    'change',
    [
        collapsed_to_a_line,
        lambda z_a, z_b: [z_a + 1000, z_b + 1000],
        lambda z_a, z_b: [1e-4 * z_a, 1e-4 * z_b],  # eps counts here
        lambda z_a, z_b: [z_a, z_a.clone()],
        lambda z_a, z_b: [z_a, -z_b],
    ],
    ids=['collapsed', 'mean of 1e3', 'tiny', 'identical views', 'opposite views'],
)
@pytest.mark.parametrize(('n', 'd'), [(16, 96), (96, 96), (128, 24)])
def test_hard_embeddings_are_as_exact(n, d, change, form):
    with torch.no_grad():
        views = change(*embeddings(n, d))
    loss_error, gradient_error = against_the_formula(*(z.requires_grad_() for z in views), form)
    assert loss_error < 1e-5
    assert gradient_error < 1e-4


@FORMS
def test_embeddings_collapsed_to_a_point_have_the_loss_d_and_no_gradient(form):
    z_a, z_b = (torch.full((16, 24), 3.0, requires_grad=True) for _ in 'ab')
    loss = sum(CrossCorrelationHead(24, form=form).loss(z_a, z_b).values())
    assert loss.item() == 24
    assert all(g.abs().max() == 0 for g in torch.autograd.grad(loss, (z_a, z_b)))


@FORMS
@pytest.mark.parametrize(('dtype', 'eps'), [(torch.bfloat16, 2**-8), (torch.float16, 2**-11)])
def test_half_precision_embeddings_lose_nothing_but_their_own_rounding(dtype, eps, form):
    """The loss is that of the rounded embeddings; only the gradient handed back is rounded."""
    z_a, z_b = embeddings(32, 48, dtype=dtype)
    loss_error, gradient_error = against_the_formula(z_a, z_b, form, autocast=dtype)
    assert loss_error < 1e-5
    assert gradient_error < eps


@FORMS
def test_a_backward_under_autocast_is_fp32_all_the_same(form):
    z_a, z_b = embeddings()
    terms = CrossCorrelationHead(z_a.shape[1], form=form).loss(z_a, z_b)
    exact = torch.autograd.grad(sum(terms.values()), (z_a, z_b), retain_graph=True)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        mixed = torch.autograd.grad(sum(terms.values()), (z_a, z_b))
    assert all(torch.equal(e, m) for e, m in zip(exact, mixed, strict=True))


@FORMS
@pytest.mark.parametrize(('n', 'd'), [(2, 3), (6, 4), (12, 5), (5, 9)])
def test_autograd_agrees_with_finite_differences(n, d, form):
    """Term by term, so that each can be trained on alone."""
    z_a, z_b = embeddings(n, d, dtype=torch.float64)
    head = CrossCorrelationHead(d, lambd=0.3, form=form)
    assert torch.autograd.gradcheck(lambda a, b: tuple(head.loss(a, b).values()), (z_a, z_b))


@FORMS
def test_one_graph_serves_the_terms_apart_and_together(form):
    z_a, z_b = embeddings()
    terms = CrossCorrelationHead(z_a.shape[1], form=form).loss(z_a, z_b)
    apart = [torch.autograd.grad(t, z_a, retain_graph=True)[0] for t in terms.values()]
    (together,) = torch.autograd.grad(sum(terms.values()), z_a)
    assert torch.norm(sum(apart) - together) < 1e-6 * torch.norm(together)


class LargestTensor(TorchDispatchMode):
    """Notes the number of elements of the largest tensor that any operation makes."""

    numel = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        made = [t.numel() for t in tree_leaves(result) if isinstance(t, torch.Tensor)]
        self.numel = max([self.numel, *made])
        return result


@pytest.mark.parametrize(('n', 'd'), [(8, 1024), (64, 512)])
def test_gram_makes_nothing_of_size_d_by_d(n, d):
    """Forward and backward, which runs under the mode too; direct is there to show it sees."""
    largest = {}
    for form in ('direct', 'gram'):
        z_a, z_b = embeddings(n, d)
        head = CrossCorrelationHead(d, form=form)
        with LargestTensor() as largest[form]:
            sum(head.loss(z_a, z_b).values()).backward()
    assert largest['direct'].numel == d * d
    assert largest['gram'].numel <= 2 * n * d  # both views side by side


@pytest.mark.parametrize(
    ('n', 'd', 'world_size', 'form'),
    [
        (256, 8192, 1, 'gram'),
        (2048, 8192, 8, 'gram'),
        (4096, 8192, 1, 'gram'),
        (7000, 8192, 8, 'direct'),
        (8192, 8192, 1, 'direct'),
        (4096, 1024, 1, 'direct'),
        (256, 512, 1, 'gram'),
        (32, 128, 1, 'direct'),  # so small that the number of operations counts, not their size
    ],
)
def test_auto_takes_the_form_with_fewer_operations(n, d, world_size, form):
    assert cost.cheaper_form(n, d, world_size) == form


@pytest.mark.parametrize(
    ('n', 'd', 'form'),
    [(256, 8192, 'gram'), (2048, 8192, 'gram'), (256, 2048, 'direct'), (32, 8192, 'direct')],
)
def test_on_a_gpu_auto_counts_the_launches_of_gram(n, d, form):
    assert cost.cheaper_form(n, d, 1, 'cuda') == form


def test_nan_and_inf_are_named_with_view_and_number():
    z_a, z_b = (z.detach() for z in embeddings())
    z_a[1, 2] = math.nan
    z_b[0, :3] = math.inf
    for form in ('direct', 'gram'):
        with pytest.raises(InputError, match='1 numbers of view A and 3 of view B'):
            CrossCorrelationHead(z_a.shape[1], form=form).loss(z_a, z_b)
        with pytest.raises(InputError, match='too large'):
            CrossCorrelationHead(z_a.shape[1], form=form).loss(
                z_b.nan_to_num(posinf=1e30), z_b.nan_to_num()
            )


# The invariances, for any shape and form. Values are spread out, so that eps does not count.
SHAPES = dict(n=st.integers(3, 24), d=st.integers(1, 24), seed=st.integers(0, 99))


def both_forms(z_a, z_b) -> list[float]:
    heads = (CrossCorrelationHead(z_a.shape[1], form=form) for form in ('direct', 'gram'))
    return [t.item() for h in heads for t in h.loss(1000 * z_a, 1000 * z_b).values()]


@settings(deadline=None, max_examples=30)
@given(**SHAPES)
def test_both_forms_are_one_number_that_no_order_of_samples_and_no_sign_changes(n, d, seed):
    z_a, z_b = embeddings(n, d, seed, torch.float64)
    before = both_forms(z_a, z_b)
    assert before[:2] == pytest.approx(before[2:], rel=1e-9, abs=1e-9)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(n, generator=generator)
    signs = torch.randint(2, (d,), generator=generator) * 2 - 1
    assert both_forms(z_a[order] * signs, z_b[order] * signs) == pytest.approx(before, rel=1e-9)


@settings(deadline=None, max_examples=30)
@given(**SHAPES)
def test_the_views_may_change_places(n, d, seed):
    z_a, z_b = embeddings(n, d, seed, torch.float64)
    assert both_forms(z_b, z_a) == pytest.approx(both_forms(z_a, z_b), rel=1e-9)


@settings(deadline=None, max_examples=30)
@given(**SHAPES, scale=st.floats(0.5, 100), shift=st.floats(-100, 100))
def test_the_gradient_is_orthogonal_to_shifts_and_scales_of_a_dimension(n, d, seed, scale, shift):
    """Neither can change the loss, so descent cannot follow them."""
    z_a, z_b = embeddings(n, d, seed, torch.float64)
    with torch.no_grad():
        z_a.mul_(1000 * scale).add_(shift)
    for form in ('direct', 'gram'):
        loss = sum(CrossCorrelationHead(d, form=form).loss(z_a, z_b).values())
        (gradient,) = torch.autograd.grad(loss, z_a)
        assert gradient.sum(0).abs().max() < 1e-9
        assert (gradient * z_a).sum(0).abs().max() < 1e-6


def test_a_permutation_of_the_dimensions_leaves_the_loss_alone():
    z_a, z_b = embeddings(dtype=torch.float64)
    order = torch.randperm(z_a.shape[1], generator=torch.Generator().manual_seed(1))
    head = CrossCorrelationHead(z_a.shape[1])
    before, after = head.loss(z_a, z_b), head.loss(z_a[:, order], z_b[:, order])
    assert after['loss_redundancy'].item() == pytest.approx(before['loss_redundancy'].item())
    assert after['loss_invariance'].item() == pytest.approx(before['loss_invariance'].item())


def test_an_affine_change_of_any_dimension_leaves_the_loss_alone():
    z_a, z_b = embeddings(dtype=torch.float64)
    scale = torch.linspace(10, 1000, z_a.shape[1])  # large, so that eps does not count
    head = CrossCorrelationHead(z_a.shape[1])
    before = sum(head.loss(100 * z_a, 100 * z_b).values()).item()
    after = sum(head.loss(scale * z_a - 7, 3 * scale * z_b + scale).values()).item()
    assert after == pytest.approx(before, rel=1e-6)


def test_identical_views_with_whitened_dimensions_have_no_loss():
    z, _ = embeddings(64, 8, dtype=torch.float64)
    centered = z.detach() - z.detach().mean(0)
    white = 100 * math.sqrt(64) * torch.linalg.qr(centered).Q
    assert sum(CrossCorrelationHead(8).loss(white, white).values()).item() < 1e-9


@FORMS
def test_a_constant_dimension_gives_no_nan_and_no_gradient_there(form):
    z_a, z_b = embeddings()
    with torch.no_grad():
        z_a[:, 3] = z_b[:, 3] = 5.0
    loss = sum(CrossCorrelationHead(z_a.shape[1], form=form).loss(z_a, z_b).values())
    gradient_a, gradient_b = torch.autograd.grad(loss, (z_a, z_b))
    assert torch.isfinite(loss)
    assert gradient_a[:, 3].abs().max() == 0
    assert gradient_b[:, 3].abs().max() == 0


def test_the_loss_is_fp32_under_autocast():
    z_a, z_b = embeddings()
    exact = sum(CrossCorrelationHead(z_a.shape[1]).loss(z_a, z_b).values())
    with torch.autocast('cpu', dtype=torch.bfloat16):
        mixed = sum(CrossCorrelationHead(z_a.shape[1]).loss(z_a, z_b).values())
    assert mixed.dtype == torch.float32
    assert mixed.item() == exact.item()


@pytest.mark.parametrize(('n', 'floor'), [(32, 4695), (256, 1122), (2048, 124)])
def test_the_floor_of_the_loss_at_8192_dimensions(n, floor):
    assert loss_floor(n, 8192, 0.0051) == pytest.approx(floor, abs=0.6)


def test_no_loss_is_under_the_floor():
    """Descend on free embeddings, N < D: the loss ends at the floor, not under it."""
    z_a, z_b = embeddings(8, 32, dtype=torch.float64)
    head, floor = CrossCorrelationHead(32, lambd=0.05), loss_floor(8, 32, 0.05)
    optimizer = torch.optim.LBFGS([z_a, z_b], max_iter=500, line_search_fn='strong_wolfe')

    def closure():
        optimizer.zero_grad()
        loss = sum(head.loss(100 * z_a, 100 * z_b).values())
        loss.backward()
        return loss

    optimizer.step(closure)
    assert floor <= closure().item() <= 1.01 * floor
