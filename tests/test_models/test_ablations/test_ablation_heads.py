"""The loss variants of tables 5 and 6 against float64 formulas, on one process and on two."""

import os
import sys
from importlib import import_module

import pytest
import torch
import torch.distributed as dist
from mmengine.model import MMDistributedDataParallel
from torch import Tensor, nn
from torch.nn import functional as F

from mmbarlow.errors import InputError
from mmbarlow.loss import global_batch
from mmbarlow.models.ablations.asymmetric_head import AsymmetricHead
from mmbarlow.models.ablations.cross_covariance_head import CrossCovarianceHead
from mmbarlow.models.ablations.cross_entropy_head import CrossEntropyHead
from mmbarlow.models.ablations.feature_norm_head import FeatureNormHead
from mmbarlow.models.ablations.redundancy_head import RedundancyHead
from mmbarlow.models.barlow_twins import BarlowTwins
from mmbarlow.models.cross_correlation_head import CrossCorrelationHead
from mmbarlow.models.projector import BarlowTwinsNeck

N, D, EPS = 24, 6, 1e-5
SHARDS = [17, 7]  # samples of each of two processes


def standardized(z):
    return (z - z.mean(0)) / (z.var(0, unbiased=False) + EPS).sqrt()


def off_diagonal(c):
    return c[~torch.eye(len(c), dtype=torch.bool)]


def squares(c, lambd):
    return ((1 - c.diagonal()) ** 2).sum() + lambd * (off_diagonal(c) ** 2).sum()


def invariance_only(head, a, b):
    return squares(standardized(a).T @ standardized(b) / len(a), 0)


def redundancy_only(head, a, b):
    c = standardized(a).T @ standardized(b) / len(a)
    return 0.05 * (off_diagonal(c) ** 2).sum()


def feature_norm(head, a, b):
    a, b = (z / (z**2).sum(1, keepdim=True).sqrt() for z in map(standardized, (a, b)))
    return squares(a.T @ b, 0.05)


def covariance(head, a, b):
    return squares((a - a.mean(0)).T @ (b - b.mean(0)) / len(a), 0.05)


def cross_entropy(head, a, b):
    c = standardized(a).T @ standardized(b) / len(a)
    ratio = off_diagonal(c).clamp(min=0).div(0.2).exp().sum().log()
    return -c.diagonal().div(0.2).exp().sum().log() + 0.5 * ratio


def asymmetric(head, a, b):
    if isinstance(head.predictor, nn.Sequential):
        first, bn, _, last = head.predictor
        hidden = a @ first.weight.double().T
        hidden = standardized(hidden) if bn.training else hidden / (1 + bn.eps) ** 0.5
        a = hidden.relu() @ last.weight.double().T
    b = b.detach() if head.stop_gradient else b
    return squares(standardized(a).T @ standardized(b) / len(a), 0.05)


VARIANTS = {
    'invariance only': (lambda: CrossCorrelationHead(D, lambd=0), invariance_only),
    'redundancy only': (lambda: RedundancyHead(D, lambd=0.05), redundancy_only),
    'feature norm': (lambda: FeatureNormHead(D, lambd=0.05), feature_norm),
    'no norm': (lambda: CrossCovarianceHead(D, lambd=0.05), covariance),
    'cross-entropy': (lambda: CrossEntropyHead(D, lambd=0.5, temperature=0.2), cross_entropy),
    'stop-gradient': (lambda: AsymmetricHead(D, True, False, lambd=0.05), asymmetric),
    'predictor': (lambda: AsymmetricHead(D, False, True, lambd=0.05), asymmetric),
    'both': (lambda: AsymmetricHead(D, True, True, lambd=0.05), asymmetric),
}
each_variant = pytest.mark.parametrize('name', VARIANTS)


def build(name: str) -> nn.Module:
    torch.manual_seed(0)
    return VARIANTS[name][0]()


def views(width: int = D) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    shared = 3 + torch.randn(N, width, generator=generator)
    return [shared + 0.5 * torch.randn(N, width, generator=generator) for _ in 'ab']


def total(terms: dict[str, Tensor]) -> Tensor:
    """What MMEngine makes of the terms."""
    return sum(value for name, value in terms.items() if 'loss' in name)


def distance(got: Tensor, wanted: Tensor) -> float:
    return (torch.norm(got.double() - wanted) / torch.norm(wanted)).item()


def with_gradients(loss: Tensor, *inputs: Tensor) -> tuple[Tensor, Tensor]:
    """The loss, and its gradients in one row; zeros where there is none."""
    grads = torch.autograd.grad(loss, inputs, allow_unused=True)
    filled = [torch.zeros_like(z) if g is None else g for z, g in zip(inputs, grads, strict=True)]
    return loss.detach(), torch.cat([g.flatten() for g in filled])


@each_variant
@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
def test_loss_and_gradient_are_those_of_the_formula(name, dtype):
    """For bf16 under autocast: up to the rounding of what is rounded anyway."""
    head = build(name)
    z = [view.to(dtype).requires_grad_() for view in views()]
    exact = [view.detach().double().requires_grad_() for view in z]
    half = dtype == torch.bfloat16
    with torch.autocast('cpu', dtype=torch.bfloat16, enabled=half):
        terms = head.loss(*z)
    assert all(term.dtype == torch.float32 for term in terms.values())
    loss, grads = with_gradients(total(terms), *z)
    wanted_loss, wanted_grads = with_gradients(VARIANTS[name][1](head, *exact), *exact)
    in_half = half and any(True for _ in head.parameters())  # a predictor, which autocast rounds
    assert distance(loss, wanted_loss) < (2e-2 if in_half else 1e-5)
    if not in_half:
        assert distance(grads, wanted_grads) < (5e-3 if half else 1e-4)


@each_variant
def test_embeddings_that_do_not_fit_are_refused(name):
    with pytest.raises(InputError, match="in_channels to the neck's out_channels"):
        build(name).loss(*views(D + 1))


def test_the_redundancy_term_alone_still_shows_the_invariance():
    terms = build('redundancy only').loss(*(view.requires_grad_() for view in views()))
    full = CrossCorrelationHead(D, lambd=0.05).loss(*views())
    assert terms['invariance'] == full['loss_invariance']
    assert not terms['invariance'].requires_grad


def test_without_norm_a_projector_has_no_batch_norm_and_nothing_else_changes():
    plain, without = (BarlowTwinsNeck(8, 16, 4, norm=norm).projector for norm in (True, False))
    kinds = [type(layer) for layer in plain]
    assert nn.BatchNorm1d in kinds
    assert [type(layer) for layer in without] == [k for k in kinds if k is not nn.BatchNorm1d]


def test_a_feature_norm_diagonal_is_at_most_n_over_d_on_average():
    """The trace is the sum of the N cosines between the twins."""
    view, _ = views()
    unit = F.normalize(standardized(view.double()))
    assert (unit.T @ unit).trace().item() == pytest.approx(N)
    terms = FeatureNormHead(D, lambd=0).loss(view, view)
    assert terms['loss_invariance'] >= D * (1 - N / D) ** 2


def test_a_temperature_of_zero_is_refused():
    with pytest.raises(InputError, match='take one above 0'):
        CrossEntropyHead(D, temperature=0)


@pytest.mark.parametrize(
    'kind', [CrossCovarianceHead, FeatureNormHead, CrossEntropyHead], ids=lambda k: k.__name__
)
@pytest.mark.parametrize('option', [dict(form='gram'), dict(grad='official')])
def test_a_head_without_a_choice_of_form_or_gradient_refuses_one(kind, option):
    with pytest.raises(TypeError, match='unexpected keyword'):
        kind(D, **option)


def test_the_asymmetric_head_takes_the_form_that_it_is_given_and_agrees_on_the_batch_once(
    monkeypatch,
):
    agreed = []
    for name in (
        'models.ablations.asymmetric_head',
        'models.cross_correlation_head',
        'loss.criterion',
    ):
        module = import_module(f'mmbarlow.{name}')
        monkeypatch.setattr(
            module, 'global_batch', lambda *a, **k: agreed.append(1) or global_batch(*a, **k)
        )
    a, b = views()
    values = {
        form: total(AsymmetricHead(D, False, False, lambd=0.3, form=form).loss(a, b)).item()
        for form in ('direct', 'gram')
    }
    assert values['gram'] == pytest.approx(values['direct'], rel=1e-5)
    assert len(agreed) == 2  # once a loss


@pytest.mark.parametrize('name', ['stop-gradient', 'both'])
def test_stop_gradient_leaves_the_second_branch_without_gradient(name):
    z_a, z_b = (view.requires_grad_() for view in views())
    total(build(name).loss(z_a, z_b)).backward()
    assert z_b.grad is None
    assert z_a.grad.norm() > 0


@pytest.mark.parametrize('chunk_size', [None, 4])
def test_the_predictor_learns_with_the_network_also_in_chunks(chunk_size):
    model = BarlowTwins(
        backbone=dict(type='mmpretrain.ResNet', depth=18, base_channels=8, stem_channels=8),
        neck=dict(type='mmbarlow.BarlowTwinsNeck', in_channels=64, hid_channels=16, out_channels=D),
        head=dict(
            type='mmbarlow.AsymmetricHead', in_channels=D, stop_gradient=True, predictor=True
        ),
        chunk_size=chunk_size,
    )
    total(model([torch.rand(8, 3, 32, 32) for _ in 'ab'], mode='loss')).backward()
    assert all(p.grad.norm() > 0 for p in model.head.parameters())
    assert all(p.grad is not None for p in model.parameters())


class Twins(nn.Module):
    """A projector without batch norm and the head, as one module for DDP.

    In eval mode, because the batch norm of a predictor is the runner's to synchronize.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.head = build(name)
        self.projector = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, D, bias=False))
        self.eval()

    def forward(self, view_a, view_b):
        return self.head.loss(self.projector(view_a), self.projector(view_b))


def one_step(model: nn.Module, shard: list[Tensor]) -> dict[str, Tensor]:
    loss = total(model(*shard))
    loss.backward()
    gradients = {n.removeprefix('module.'): p.grad.clone() for n, p in model.named_parameters()}
    return dict(gradients, loss=loss.detach())


def worker(folder: str) -> None:
    dist.init_process_group('gloo')
    rank = dist.get_rank()
    shard = [view.split(SHARDS)[rank] for view in views(4)]
    result = {name: one_step(MMDistributedDataParallel(Twins(name)), shard) for name in VARIANTS}
    torch.save(result, f'{folder}/{rank}.pth')
    dist.barrier()  # nobody hangs up while another is still listening
    os._exit(0)  # see tests/test_loss/test_distributed.py


@pytest.fixture(scope='module')
def results(run_processes, tmp_path_factory) -> list[dict]:
    """What each of two processes saw."""
    folder = tmp_path_factory.mktemp('processes')
    run_processes(len(SHARDS), __file__, folder)
    return [torch.load(folder / f'{rank}.pth') for rank in range(len(SHARDS))]


@each_variant
def test_two_processes_with_unequal_shards_are_one_process_with_all_samples(results, name):
    reference = one_step(Twins(name), views(4))
    for result in results:
        assert result[name].keys() == reference.keys()
        for key, wanted in reference.items():
            assert distance(result[name][key], wanted.double()) < 1e-5, key


if __name__ == '__main__':
    worker(sys.argv[1])
