"""AMCL's loss against its formula in float64, its temperatures, on one process and on two."""

import os
import sys

import pytest
import torch
import torch.distributed as dist
from mmengine.model import MMDistributedDataParallel
from torch import Tensor, nn

from mmbarlow.errors import InputError
from mmbarlow.loss import GlobalBatch
from mmbarlow.models.amcl.adaptive_multi_head import AdaptiveMultiHead
from mmbarlow.models.amcl.multi_head_neck import MultiHeadNeck
from mmbarlow.models.amcl.pair_temperature import PairTemperature
from mmbarlow.models.barlow_twins import BarlowTwins
from mmbarlow.models.cross_correlation_head import CrossCorrelationHead

N, D, HEADS = 24, 5, 3
TAU_MIN, TAU_MAX, LAMBD, BETA = 1e-2, 1.5, 0.05, 1e-3
SHARDS = [17, 7]  # samples of each of two processes


def build(shared: bool = True) -> AdaptiveMultiHead:
    torch.manual_seed(0)
    temperature = dict(
        type='mmbarlow.PairTemperature', batch_size=N, tau_min=TAU_MIN, tau_max=TAU_MAX
    )
    return AdaptiveMultiHead(
        D, HEADS, temperature=temperature, shared=shared, lambd=LAMBD, beta=BETA
    )


def views(width: int = HEADS * D) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    shared = 0.5 + torch.randn(N, width, generator=generator)
    return [shared + 0.5 * torch.randn(N, width, generator=generator) for _ in 'ab']


def reference(networks: list[list[Tensor]], z_a: Tensor, z_b: Tensor) -> list[Tensor]:
    """Invariance, redundancy and regularizer, pair by pair as the formula is written.

    `networks` holds weight, bias, weight and bias of the network of each head.
    """

    def phi(channel, first, first_bias, second, second_bias):
        return second @ (first @ channel + first_bias).clamp(min=0) + second_bias

    def omega(tau):
        return D / 2 * torch.log(tau) + 1 / tau

    def standardized(channel):
        centered = channel - channel.mean()
        return centered / ((centered**2).mean() + 1e-5) ** 0.5

    terms = [torch.zeros((), dtype=torch.float64) for _ in range(3)]
    for head, network in enumerate(networks):
        for i in range(D):
            for j in range(D):
                a, b = z_a[:, head * D + i], z_b[:, head * D + j]
                c = (standardized(a) * standardized(b)).sum() / N
                score = (phi(a, *network) * phi(b, *network)).sum()
                tau = TAU_MIN + (TAU_MAX - TAU_MIN) / (1 + torch.exp(score))
                if i == j:
                    terms[0] = terms[0] + (1 - c / tau) ** 2
                    terms[2] = terms[2] + BETA * omega(tau)
                else:
                    terms[1] = terms[1] + LAMBD * c**2 / tau
                    terms[2] = terms[2] - BETA * omega(tau)
    return terms


def total(terms: dict[str, Tensor]) -> Tensor:
    """What MMEngine makes of the terms."""
    return sum(value for name, value in terms.items() if 'loss' in name)


def distance(got: Tensor, wanted: Tensor) -> float:
    return (torch.norm(got.double() - wanted) / torch.norm(wanted)).item()


@pytest.mark.parametrize('shared', [True, False])
@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
def test_loss_and_gradients_are_those_of_the_formula(shared, dtype):
    """bf16 under autocast loses only what rounding took from the embeddings before."""
    head = build(shared)
    z = [view.to(dtype).requires_grad_() for view in views()]
    with torch.autocast('cpu', dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
        terms = head.loss(*z)
    got = torch.autograd.grad(total(terms), [*z, *head.parameters()])

    exact = [view.detach().double().requires_grad_() for view in z]
    parameters = [p.detach().double().requires_grad_() for p in head.parameters()]
    networks = [parameters[i : i + 4] for i in range(0, len(parameters), 4)]
    assert len(networks) == (1 if shared else HEADS)
    wanted_terms = reference(networks * (HEADS if shared else 1), *exact)
    wanted = torch.autograd.grad(sum(wanted_terms), [*exact, *parameters])

    names = ('loss_invariance', 'loss_redundancy', 'loss_regularizer')
    for name, value in zip(names, wanted_terms, strict=True):
        assert terms[name].dtype == torch.float32
        assert distance(terms[name], value) < 1e-5, name
    for gradient, value in zip(got, wanted, strict=True):
        half = gradient.dtype == torch.bfloat16
        assert distance(gradient, value) < (5e-3 if half else 1e-4)


def test_one_head_with_temperature_one_and_without_regularizer_is_barlow_twins():
    ours = AdaptiveMultiHead(HEADS * D, 1, temperature=1.0, beta=0, lambd=LAMBD)
    plain = CrossCorrelationHead(HEADS * D, lambd=LAMBD)
    results = []
    for head in (ours, plain):
        z = [view.requires_grad_() for view in views()]
        terms = head.loss(*z)
        results.append([*terms.values(), *torch.autograd.grad(total(terms), z)])
        assert list(terms) == ['loss_invariance', 'loss_redundancy']
    for got, wanted in zip(*results, strict=True):
        assert distance(got, wanted.double()) < 1e-5


def test_a_fixed_temperature_divides_the_correlations():
    """(1 - C / tau)^2 and C^2 / tau of Barlow Twins' own C."""
    z_a, z_b = views(D)
    c = CrossCorrelationHead(D).cross_correlation(z_a, z_b)
    terms = AdaptiveMultiHead(D, 1, temperature=0.5, lambd=LAMBD).loss(z_a, z_b)
    assert terms['loss_invariance'].item() == pytest.approx(((1 - 2 * c.diag()) ** 2).sum().item())
    energy = (c**2).sum() - (c.diag() ** 2).sum()
    assert terms['loss_redundancy'].item() == pytest.approx((2 * LAMBD * energy).item(), rel=1e-5)


def test_temperatures_stay_inside_their_bounds_for_extreme_scores():
    network = PairTemperature(4)
    scores = torch.tensor([-1e6, -20.0, 0.0, 20.0, 1e6], requires_grad=True)
    tau = network(scores)
    assert tau.min() >= 1e-5
    assert tau.max() <= 2.0
    assert (tau.diff() <= 0).all()
    assert tau[2].item() == pytest.approx(1.000005)
    (gradient,) = torch.autograd.grad((1 / tau).square().sum(), scores)
    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize('scale', [1e-3, 1e3])
def test_loss_and_gradients_are_finite_at_both_bounds(scale):
    """Embeddings so large that every score is beyond what a sigmoid tells from 0 or 1."""
    head = build()
    with torch.no_grad():
        for p in head.parameters():
            p.mul_(scale)
    z = [(1e2 * view).requires_grad_() for view in views()]
    terms = head.loss(*z)
    assert all(torch.isfinite(value) for value in terms.values())
    for gradient in torch.autograd.grad(total(terms), [*z, *head.parameters()]):
        assert torch.isfinite(gradient).all()


def test_the_statistics_are_those_of_the_temperatures():
    head = build()
    z_a, z_b = (3 * view for view in views())
    terms = head.loss(z_a, z_b)
    network, whole = head.networks[0], GlobalBatch((N,))
    pairs = zip(z_a.split(D, 1), z_b.split(D, 1), strict=True)
    tau = torch.stack([network(network.scores(*pair, whole)) for pair in pairs])
    same = torch.eye(D, dtype=torch.bool).expand(HEADS, D, D)
    for name, values in (('positive', tau[same]), ('negative', tau[~same])):
        for statistic in ('mean', 'min', 'max'):
            wanted = getattr(values, statistic)().item()
            assert terms[f'tau_{name}_{statistic}'].item() == pytest.approx(wanted), name
    near = 0.01 * (TAU_MAX - TAU_MIN)
    at_min, at_max = tau[~same] <= TAU_MIN + near, tau[~same] >= TAU_MAX - near
    assert 0 < at_min.sum() < at_min.numel()
    assert terms['tau_negative_min_share'].item() == pytest.approx(at_min.float().mean().item())
    assert terms['tau_negative_max_share'].item() == pytest.approx(at_max.float().mean().item())


def test_networks_of_the_heads_with_equal_weights_are_the_shared_one():
    shared, own = build(shared=True), build(shared=False)
    assert total(own.loss(*views())) != total(shared.loss(*views()))
    for network in own.networks:
        network.load_state_dict(shared.networks[0].state_dict())
    torch.testing.assert_close(total(own.loss(*views())), total(shared.loss(*views())))


def test_the_projectors_are_independent_and_end_standardized():
    neck = MultiHeadNeck(8, 16, D, num_heads=HEADS)
    maps = torch.rand(N, 8, 2, 2)
    before = neck((maps,))
    torch.testing.assert_close(before.mean(0), torch.zeros(HEADS * D), atol=1e-5, rtol=0)
    with torch.no_grad():
        neck.projectors[1][0].weight.mul_(-1)
    changed = (neck((maps,)) != before).any(0)
    assert changed.tolist() == [False] * D + [True] * D + [False] * D


@pytest.mark.parametrize('chunk_size', [None, 4])
def test_the_network_learns_with_the_rest_also_in_chunks(chunk_size):
    model = BarlowTwins(
        backbone=dict(type='mmpretrain.ResNet', depth=18, base_channels=8, stem_channels=8),
        neck=dict(type='mmbarlow.MultiHeadNeck', in_channels=64, hid_channels=16, out_channels=D),
        head=dict(
            type='mmbarlow.AdaptiveMultiHead',
            in_channels=D,
            temperature=dict(type='mmbarlow.PairTemperature', batch_size=8),
        ),
        chunk_size=chunk_size,
    )
    total(model([torch.rand(8, 3, 32, 32) for _ in 'ab'], mode='loss')).backward()
    assert all(p.grad.norm() > 0 for p in model.head.parameters())
    assert all(p.grad is not None for p in model.parameters())


@pytest.mark.parametrize(
    ('build_it', 'says'),
    [
        (lambda: AdaptiveMultiHead(D, 0, temperature=1.0), 'num_heads=0: set 1 or more'),
        (lambda: MultiHeadNeck(8, 16, D, num_heads=0), 'num_heads=0: set 1 or more'),
        (lambda: AdaptiveMultiHead(D, temperature=1.0, beta=-1e-6), 'beta=-1e-06'),
        (lambda: AdaptiveMultiHead(D, temperature=0), 'take one above 0'),
        (lambda: PairTemperature(4, tau_min=2.0, tau_max=1e-5), 'set 0 < tau_min < tau_max'),
        (lambda: PairTemperature(4, tau_min=0.0), 'set 0 < tau_min < tau_max'),
    ],
)
def test_impossible_settings_are_refused(build_it, says):
    with pytest.raises(InputError, match=says):
        build_it()


def test_embeddings_that_do_not_fit_are_refused():
    with pytest.raises(
        InputError, match='has 23 samples and the temperature network takes 24'
    ) as e:
        build().loss(*(view[:-1] for view in views()))
    assert 'temperature.batch_size' in str(e.value)
    with pytest.raises(InputError, match="num_heads to the neck's"):
        build().loss(*views(2 * D))


class Twins(nn.Module):
    """A projector without batch norm and the head, as one module for DDP."""

    def __init__(self, shared: bool) -> None:
        super().__init__()
        self.head = build(shared)
        self.projector = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, HEADS * D))

    def forward(self, view_a, view_b):
        return self.head.loss(self.projector(view_a), self.projector(view_b))


def one_step(model: nn.Module, shard: list[Tensor]) -> dict[str, Tensor]:
    terms = model(*shard)
    total(terms).backward()
    gradients = {n.removeprefix('module.'): p.grad.clone() for n, p in model.named_parameters()}
    return {**gradients, **{name: value.detach() for name, value in terms.items()}}


def worker(folder: str) -> None:
    dist.init_process_group('gloo')
    rank = dist.get_rank()
    shard = [view.split(SHARDS)[rank] for view in views(4)]
    result: dict = {
        shared: one_step(MMDistributedDataParallel(Twins(shared)), shard)
        for shared in (True, False)
    }
    try:
        Twins(shared=True)(*(view[:7] for view in shard))
    except InputError as error:
        result['message'] = str(error)
    torch.save(result, f'{folder}/{rank}.pth')
    dist.barrier()  # nobody hangs up while another is still listening
    os._exit(0)  # see tests/test_loss/test_distributed.py


@pytest.fixture(scope='module')
def results(run_processes, tmp_path_factory) -> list[dict]:
    """What each of two processes saw."""
    folder = tmp_path_factory.mktemp('processes')
    run_processes(len(SHARDS), __file__, folder)
    return [torch.load(folder / f'{rank}.pth') for rank in range(len(SHARDS))]


@pytest.mark.parametrize('shared', [True, False])
def test_two_processes_with_unequal_shards_are_one_process_with_all_samples(results, shared):
    reference = one_step(Twins(shared), views(4))
    for result in results:
        assert result[shared].keys() == reference.keys()
        for key, wanted in reference.items():
            if wanted.norm() > 0:  # a share at a bound may be 0
                assert distance(result[shared][key], wanted.double()) < 1e-4, key
            else:
                assert result[shared][key] == 0, key


def test_both_processes_say_that_their_batches_do_not_make_that_of_the_network(results):
    for result in results:
        assert (
            f'the global batch has 14 samples and the temperature network takes {N}'
            in (result['message'])
        )


if __name__ == '__main__':
    worker(sys.argv[1])
