"""Mixed Barlow Twins against its formula in float64, on one process and on several."""

import itertools
import os
import sys

import numpy as np
import pytest
import torch
import torch.distributed as dist
from mmengine.logging import MessageHub
from mmengine.model import MMDistributedDataParallel
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from mmbarlow.errors import InputError
from mmbarlow.loss import GlobalBatch
from mmbarlow.models.mixed.mixed_barlow_twins import MixedBarlowTwins, Mixture, mix
from mmbarlow.models.mixed.neck import MixedBarlowTwinsNeck
from mmbarlow.paths import CONFIGS

N, D, EPS, LAMBDA, SCALE = 24, 16, 1e-5, 0.05, 3.0
SHARDS = {2: [17, 7], 3: [1, 16, 7]}  # samples of each process
CASES = list(itertools.product(('paper', 'released'), ('direct', 'gram')))
each_case = pytest.mark.parametrize(('target', 'form'), CASES)


class Neck(nn.Module):
    """Something curved and without batch norm: of a linear network, images mix like embeddings."""

    def __init__(self, width: int = D) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.net = nn.Sequential(nn.Linear(12, 8), nn.Tanh(), nn.Linear(8, width, bias=False))

    def forward(self, vectors: Tensor) -> Tensor:
        return self.net(vectors)


def build(
    form: str = 'auto',
    chunk_size: int | None = None,
    width: int = D,
    grad: str = 'exact',
    **options,
) -> MixedBarlowTwins:
    model = MixedBarlowTwins(
        backbone=dict(type='mmbarlow.RawPixels'),
        neck=dict(type='mmbarlow.BarlowTwinsNeck', in_channels=1, hid_channels=1, out_channels=1),
        head=dict(
            type='mmbarlow.CrossCorrelationHead',
            in_channels=width,
            lambd=LAMBDA,
            form=form,
            grad=grad,
        ),
        chunk_size=chunk_size,
        **(dict(scale=SCALE) | options),
    )
    model.neck = Neck(width)
    return model


def images() -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    shared = torch.randn(N, 3, 2, 2, generator=generator)
    return [shared + 0.5 * torch.randn(N, 3, 2, 2, generator=generator) for _ in 'ab']


def embeddings(width: int = D) -> list[Tensor]:
    generator = torch.Generator().manual_seed(2)
    return [3 + torch.randn(N, width, generator=generator) for _ in 'abm']


def mixture(alpha: float = 0.3) -> Mixture:
    return Mixture(alpha, np.random.default_rng(3).permutation(N), GlobalBatch((N,)))


def standardized(z: Tensor) -> Tensor:
    return (z - z.mean(0)) / (z.var(0, unbiased=False) + EPS).sqrt()


def formula(z: list[Tensor], mixture: Mixture, target: str) -> Tensor:
    """The sum of the squared differences, as it is written, matrix by matrix."""
    a, b, m = map(standardized, z)
    alpha, mixed_in, n = mixture.alpha, b[torch.from_numpy(mixture.order)], len(a)
    first = dict(paper=a.T @ b, released=b.T @ b)[target]
    gt_ma = alpha * (a.T @ a) / n + (1 - alpha) * (mixed_in.T @ a) / n
    gt_mb = alpha * first / n + (1 - alpha) * (mixed_in.T @ b) / n
    return ((m.T @ a / n - gt_ma) ** 2).sum() + ((m.T @ b / n - gt_mb) ** 2).sum()


def twins_loss(a: Tensor, b: Tensor) -> Tensor:
    c = standardized(a).T @ standardized(b) / len(a)
    off = c[~torch.eye(len(c), dtype=torch.bool)]
    return ((1 - c.diagonal()) ** 2).sum() + LAMBDA * (off**2).sum()


def one_step(model: nn.Module, views: list[Tensor]) -> dict[str, Tensor]:
    """The terms of the loss and the gradients of the parameters."""
    terms = model(views, mode='loss')
    sum(terms.values()).backward()
    gradients = {n.removeprefix('module.'): p.grad.clone() for n, p in model.named_parameters()}
    return {name: term.detach() for name, term in terms.items()} | gradients


def expected_step(target: str) -> dict[str, Tensor]:
    """The same in float64 from nothing but the formulas and the network."""
    model = build(target=target).double()
    a, b = (view.double() for view in images())
    drawn = model.draw([a, b])
    mixed = drawn.alpha * a + (1 - drawn.alpha) * b[torch.from_numpy(drawn.order)]
    z = [model.embed(x) for x in (a, b, mixed)]
    loss_mixed = SCALE * LAMBDA * formula(z, drawn, target)
    loss = twins_loss(*z[:2]) + loss_mixed
    loss.backward()
    gradients = {name: p.grad for name, p in model.named_parameters()}
    return dict(gradients, loss=loss.detach(), loss_mixed=loss_mixed.detach())


def assert_same(got: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    got = dict(got, loss=sum(value for name, value in got.items() if 'loss' in name))
    for name, value in wanted.items():
        assert distance(got[name], value) < 1e-5, name


def distance(got: Tensor, wanted: Tensor) -> float:
    return (torch.norm(got.double() - wanted) / torch.norm(wanted)).item()


@each_case
@pytest.mark.parametrize('dtype', [torch.float64, torch.float32, torch.bfloat16])
def test_the_regularizer_and_its_gradient_are_those_of_the_formula(target, form, dtype):
    """For bf16 under autocast: up to the rounding of the gradient that is handed back."""
    z = [x.to(dtype).requires_grad_() for x in embeddings()]
    exact = [x.detach().double().requires_grad_() for x in z]
    with torch.autocast('cpu', dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
        value = build(form, target=target).regularizer(tuple(z), mixture())
        gradients = torch.autograd.grad(value, z)
    wanted = formula(exact, mixture(), target)
    assert value.dtype == torch.promote_types(dtype, torch.float32)
    assert distance(value, wanted.detach()) < (1e-12 if dtype == torch.float64 else 1e-5)
    limit = {torch.float64: 1e-12, torch.float32: 1e-5, torch.bfloat16: 5e-3}[dtype]
    for got, w in zip(gradients, torch.autograd.grad(wanted, exact), strict=True):
        assert distance(got, w) < limit


@each_case
@pytest.mark.parametrize('chunk_size', [None, 5])
def test_a_step_is_that_of_the_formula_also_in_chunks(target, form, chunk_size):
    got = one_step(build(form, chunk_size, target=target), images())
    assert_same(got, expected_step(target))


def test_images_are_mixed_with_the_second_view_of_others():
    a, b = images()
    got = mix([a, b], mixture(0.3))
    wanted = 0.3 * a + 0.7 * b[torch.from_numpy(mixture().order)]
    torch.testing.assert_close(got, wanted)


@pytest.mark.parametrize('target', ['paper', 'released'])
def test_images_that_are_one_of_the_views_leave_nothing_to_explain(target):
    """x_M = x_B[pi] at alpha 0 and x_A at 1, where the released target still has b for a."""
    views = images()
    nothing = build(target=target, alpha=0.0)(views, mode='loss')
    assert nothing['loss_mixed'].item() < 1e-8
    model = build(target=target, alpha=1)
    a, b = (standardized(model.embed(view).detach()) for view in views)
    wanted = SCALE * LAMBDA * ((a - b).T @ b / N).square().sum() if target == 'released' else 0
    got = model(views, mode='loss')['loss_mixed'].item()
    assert got == pytest.approx(float(wanted), rel=1e-4, abs=1e-8)


class Largest(TorchDispatchMode):
    """How many numbers the largest tensor has that any operation makes."""

    numbers = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        sizes = [x.numel() for x in tree_leaves(out) if isinstance(x, Tensor)]
        self.numbers = max(self.numbers, *sizes, 0)
        return out


@pytest.mark.parametrize('target', ['paper', 'released'])
def test_nothing_as_large_as_the_matrices_is_made_where_samples_are_fewer(target):
    largest = {}
    for form in ('auto', 'direct'):
        model = build(form, width=512, target=target)
        z = tuple(x.requires_grad_() for x in embeddings(512))
        with Largest() as found:
            sum(one_step_of(model, z)).backward()
        largest[form] = found.numbers
    assert largest['auto'] <= 3 * N * 512
    assert largest['direct'] >= 512**2


def one_step_of(model: MixedBarlowTwins, z: tuple[Tensor, ...]) -> list[Tensor]:
    return [model.regularizer(z, mixture()), *model.head.loss(*z[:2]).values()]


def test_every_step_draws_anew_and_a_seed_and_step_the_same():
    run, model = MessageHub.get_instance('draws'), build()

    def draw(seed: int, step: int) -> Mixture:
        run.update_info_dict(dict(seed=seed, iter=step))
        return model.draw(images())

    first, others = draw(1, 5), [draw(1, 6), draw(2, 5)]
    assert sorted(first.order) == list(range(N))
    assert draw(1, 5).alpha == first.alpha
    assert (draw(1, 5).order == first.order).all()
    assert len({mixture.alpha for mixture in [first, *others]}) == 3
    assert all((mixture.order != first.order).any() for mixture in others)
    alphas = np.array([draw(0, step).alpha for step in range(300)])
    assert np.histogram(alphas, 3, (0, 1))[0].min() > 70  # of 100 each


def test_the_ramp_goes_from_0_to_1_over_the_epochs_of_the_warmup():
    run = MessageHub.get_instance('ramp')
    run.update_info_dict(dict(max_epochs=30, max_iters=120))  # 4 steps an epoch
    values = []
    for step in (0, 1, 4, 8, 100):
        run.update_info('iter', step)
        values.append(build(warmup=2).ramp())
    assert values == [0, 1 / 8, 1 / 2, 1, 1]
    assert build(warmup=0).ramp() == 1


def test_the_ramp_is_a_factor_of_the_term_alone():
    run = MessageHub.get_instance('weight')
    run.update_info_dict(dict(max_epochs=30, max_iters=120, iter=2))
    whole, ramped = (build(warmup=warmup)(images(), mode='loss') for warmup in (0, 2))
    assert ramped['loss_mixed'].item() == pytest.approx(whole['loss_mixed'].item() / 4)
    assert ramped['loss_invariance'] == whole['loss_invariance']


def test_the_neck_gives_all_embeddings_one_norm_and_its_bias_counts():
    neck = MixedBarlowTwinsNeck(4, 8, D)
    maps = (torch.rand(5, 4, 3, 3),)
    z = neck(maps)
    torch.testing.assert_close(z.norm(dim=1), torch.full((5,), D**0.5))
    kinds = [type(layer) for layer in neck.projector]
    assert kinds == [nn.Linear, nn.BatchNorm1d, nn.ReLU, nn.Linear]
    assert [layer.bias is None for layer in neck.projector if isinstance(layer, nn.Linear)] == [
        True,
        False,
    ]
    neck.projector[-1].bias.data += 1
    assert distance(standardized(neck(maps)), standardized(z)) > 0.1


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(alpha=1.1), 'take a number from 0 to 1'),
        (dict(alpha=-0.1), 'take a number from 0 to 1'),
        (dict(alpha=float('nan')), 'take a number from 0 to 1'),
        (dict(target='readme'), "take 'paper' or 'released'"),
        (dict(scale=-1), 'must not be negative'),
        (dict(warmup=-1), 'must not be negative'),
        (dict(grad='official'), "set the head's grad='exact'"),
    ],
)
def test_options_without_a_meaning_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        build(**options)


def bad_views() -> dict[str, list[Tensor]]:
    a, b = images()
    poisoned = b.clone()
    poisoned[3, 0] = float('nan')
    return {
        'NaN or Inf': [a, poisoned],
        'must have one shape': [a, b[:5]],
        'two views of each image, got 3': [a, b, b],
        'a batch of 1': [a[:1], b[:1]],
    }


@pytest.mark.parametrize('message', bad_views())
def test_bad_views_are_told_in_our_words(message):
    with pytest.raises(InputError, match=message):
        build()(bad_views()[message], mode='loss')


def test_mixed_embeddings_that_are_not_finite_are_told():
    a, b, m = embeddings()
    m[2, 1] = float('inf')
    with pytest.raises(InputError, match='of the mixed images hold NaN or Inf'):
        build().regularizer((a, b, m), mixture())


def test_a_resumed_run_mixes_as_the_uninterrupted_one(run_tool, small, tmp_path, monkeypatch):
    draws = []

    def remember(self, views):
        draws.append(draw(self, views))
        return draws[-1]

    draw = MixedBarlowTwins.draw
    monkeypatch.setattr(MixedBarlowTwins, 'draw', remember)
    folder = CONFIGS / 'mixed_barlowtwins'
    (config,) = folder.glob('*_digits.py')
    options = ['--work-dir', tmp_path, '--cfg-options', *small, 'train_cfg.max_epochs=2']
    options += ['train_cfg.val_interval=9', 'default_hooks.checkpoint.interval=1']
    assert run_tool('train.py', config, *options)[0] == 0
    assert len(draws) == 4
    assert run_tool('train.py', config, '--resume', tmp_path / 'epoch_1.pth', *options)[0] == 0
    assert [d.alpha for d in draws[4:]] == [d.alpha for d in draws[2:4]]
    assert [d.order.tolist() for d in draws[4:]] == [d.order.tolist() for d in draws[2:4]]
    assert draws[0].alpha != draws[2].alpha


def messages(rank: int) -> dict[str, str]:
    """What each bad input, which one process alone has, says on this process."""
    found, last = {}, rank == dist.get_world_size() - 1
    for name, views in bad_views().items():
        if 'got 3' in name or 'batch of 1' in name:
            continue
        try:
            build()(views if last else images(), mode='loss')
        except InputError as error:
            found[name] = str(error)
    try:
        build()([torch.randn(3, 3, 2 + last, 2) for _ in 'ab'], mode='loss')
    except InputError as error:
        found['one size'] = str(error)
    return found


def worker(folder: str) -> None:
    """One process: everything the tests compare, saved under its rank."""
    dist.init_process_group('gloo')
    rank, world_size = dist.get_rank(), dist.get_world_size()
    shard = [view.split(SHARDS[world_size])[rank] for view in images()]
    result: dict = {}
    for target, form in CASES:
        model = MMDistributedDataParallel(build(form, target=target))
        result[target, form] = one_step(model, shard)
    MessageHub.get_current_instance().update_info('seed', 10 + rank)  # as with diff_rank_seed
    drawn = build().draw(shard)
    result['drawn'] = drawn.alpha, drawn.order.tolist()
    result['mixed'] = mix(shard, drawn)
    result['messages'] = messages(rank)
    torch.save(result, f'{folder}/{rank}.pth')
    dist.barrier()  # nobody hangs up while another is still listening
    os._exit(0)  # gloo's threads sometimes abort when an interpreter is torn down around them


@pytest.fixture(scope='module', params=SHARDS)
def results(request, run_processes, tmp_path_factory) -> list[dict]:
    """What each of the processes saw."""
    folder = tmp_path_factory.mktemp('processes')
    run_processes(request.param, __file__, folder)
    return [torch.load(folder / f'{rank}.pth') for rank in range(request.param)]


@each_case
def test_several_processes_with_unequal_shards_are_one_with_all_samples(results, target, form):
    MessageHub.get_instance('one process')  # where nothing is known of a run, as in the workers
    wanted = expected_step(target)
    for result in results:
        assert_same(result[target, form], wanted)


def test_several_processes_mix_across_the_global_batch(results):
    (alpha, order), *others = (result['drawn'] for result in results)
    assert all(other == (alpha, order) for other in others)
    assert sorted(order) == list(range(N))
    a, b = images()
    wanted = alpha * a + (1 - alpha) * b[torch.tensor(order)]
    torch.testing.assert_close(torch.cat([result['mixed'] for result in results]), wanted)


def test_bad_views_of_one_process_are_told_on_all(results):
    for result in results:
        assert set(result['messages']) == {'NaN or Inf', 'must have one shape', 'one size'}
        for name, message in result['messages'].items():
            assert name in message


if __name__ == '__main__':
    worker(sys.argv[1])
