"""Several processes, each with data of its own, against one process with all of it."""

import itertools
import os
import sys

import pytest
import torch
import torch.distributed as dist
from mmengine.model import MMDistributedDataParallel
from torch import Tensor, nn

from mmbarlow.engine.lars import LARS
from mmbarlow.errors import InputError
from mmbarlow.loss import BarlowTwinsLoss
from mmbarlow.models.chunked import embed_in_chunks
from mmbarlow.models.cross_correlation_head import CrossCorrelationHead

# Samples of each process; unequal on purpose, one process with a single sample.
SHARDS = {1: [24], 2: [11, 13], 3: [1, 16, 7], 4: [4, 1, 12, 7]}
D = 16
SEVERAL = list(itertools.product(('direct', 'gram'), ('all', 'global', 'global-any')))
CASES = list(itertools.product(('direct', 'gram'), ('exact', 'official')))


class Twins(nn.Module):
    """A projector without batch norm and the head, as one module for DDP."""

    def __init__(
        self, form: str = 'direct', grad: str = 'exact', chunk_size: int | None = None
    ) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.projector = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, D, bias=False))
        self.head = CrossCorrelationHead(D, lambd=0.05, form=form, grad=grad)
        self.chunk_size = chunk_size

    def forward(self, view_a, view_b):
        if self.chunk_size:
            z = embed_in_chunks(self, self.projector, [view_a, view_b], self.chunk_size)
            return self.head.loss(*z)
        return self.head.loss(self.projector(view_a), self.projector(view_b))


def views() -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    shared = torch.randn(24, 4, generator=generator)
    return [shared + 0.3 * torch.randn(24, 4, generator=generator) for _ in 'ab']


def one_step(model: nn.Module, shard: list[Tensor]) -> dict[str, Tensor]:
    """The terms of the loss and the gradients of the parameters."""
    terms = model(*shard)
    sum(terms.values()).backward()
    gradients = {n.removeprefix('module.'): p.grad.clone() for n, p in model.named_parameters()}
    return {name: term.detach() for name, term in terms.items()} | gradients


def of_several_views(form: str, pairs: str, part: slice) -> Tensor:
    """Both terms of five views in float64, and the gradient that DDP's mean would leave of the
    rows of a process."""
    generator = torch.Generator().manual_seed(2)
    views = torch.randn(5, 24, D, generator=generator, dtype=torch.float64) + 2
    shard = [(view + views[0])[part].requires_grad_() for view in views]
    terms = BarlowTwinsLoss(0.05, form, pairs=pairs, global_views=2).terms(*shard)
    grads = torch.autograd.grad(sum(terms), shard, materialize_grads=True)
    world = dist.get_world_size() if dist.is_initialized() else 1
    return torch.cat([torch.stack(terms).detach(), torch.cat(grads).flatten() / world])


def bias_after_ten_lars_steps(model: nn.Module, shard: list[Tensor]) -> Tensor:
    optimizer = LARS(model.parameters(), lr=0.1, weight_decay=1e-4)
    for _ in range(10):
        optimizer.zero_grad()
        sum(model(*shard).values()).backward()
        optimizer.step()
    return next(p.detach() for p in model.parameters() if p.ndim == 1)


def bad_inputs(rank: int) -> dict[str, tuple]:
    """Embeddings that one process alone, the last, has wrong, by what is wrong with them."""
    last = rank == dist.get_world_size() - 1
    good = torch.randn(3, D)
    poisoned = good.clone()
    poisoned[0, :2] = torch.tensor([float('nan'), float('inf')])
    return dict(
        shapes=(good, good[:2] if last else good),
        dimensions=(good[:, :5], good[:, :5]) if last else (good, good),
        integers=(good.long(), good.long()) if last else (good, good),
        types=(good.half(), good.half()) if last else (good, good),
        nan=(good, poisoned if last else good),
        single=(good[:last], good[:last]),
    )


def messages(rank: int) -> dict[str, str]:
    """What each bad input says on this process; a form that hangs never comes here."""
    found = {}
    for (name, embeddings), form in itertools.product(bad_inputs(rank).items(), ('direct', 'gram')):
        try:
            CrossCorrelationHead(D, form=form).loss(*embeddings)
        except InputError as error:
            found[f'{name} {form}'] = str(error)
    head = CrossCorrelationHead(D + rank)  # as from different configs
    try:
        head.loss(*[torch.randn(3, D + rank)] * 2)
    except InputError as error:
        found['configs'] = str(error)
    return found


def worker(folder: str) -> None:
    """One process: everything the tests compare, saved under its rank."""
    dist.init_process_group('gloo')
    rank, world_size = dist.get_rank(), dist.get_world_size()
    shard = [view.split(SHARDS[world_size])[rank] for view in views()]
    result: dict = {
        case: one_step(MMDistributedDataParallel(Twins(*case)), shard) for case in CASES
    }
    result['bias'] = bias_after_ten_lars_steps(MMDistributedDataParallel(Twins()), shard)
    head = CrossCorrelationHead(4)
    result['c'] = head.cross_correlation(*shard)
    first = sum(SHARDS[world_size][:rank])
    result['part'] = first, first + len(shard[0])
    for case in SEVERAL:
        result[case] = of_several_views(*case, slice(*result['part']))
    result['messages'] = messages(rank) if world_size > 1 else {}
    try:
        result['chunked'] = one_step(MMDistributedDataParallel(Twins(chunk_size=5)), shard)
    except InputError as error:
        result['messages']['chunks'] = str(error)
    torch.save(result, f'{folder}/{rank}.pth')
    dist.barrier()  # nobody hangs up while another is still listening
    os._exit(0)  # gloo's threads sometimes abort when an interpreter is torn down around them


@pytest.fixture(scope='module', params=SHARDS)
def results(request, run_processes, tmp_path_factory) -> list[dict]:
    """What each of the processes saw."""
    folder = tmp_path_factory.mktemp('processes')
    run_processes(request.param, __file__, folder)
    return [torch.load(folder / f'{rank}.pth') for rank in range(request.param)]


@pytest.fixture(scope='module')
def reference() -> dict[str, Tensor]:
    return one_step(Twins(), views())


def distance(got: Tensor, wanted: Tensor) -> float:
    return (torch.norm(got - wanted) / torch.norm(wanted)).item()


@pytest.mark.parametrize('form', ['direct', 'gram'])
def test_loss_and_ddp_gradient_are_those_of_one_process_on_the_whole_batch(
    results, reference, form
):
    for result in results:
        assert result[form, 'exact'].keys() == reference.keys()
        for name, wanted in reference.items():
            assert distance(result[form, 'exact'][name], wanted) < 1e-5, name


@pytest.mark.parametrize('case', SEVERAL)
def test_pairs_of_several_views_are_those_of_one_process_on_the_whole_batch(results, case):
    whole = of_several_views(*case, slice(24))
    terms, grads = whole[:2], whole[2:].view(5, 24, D)
    for result in results:
        wanted = torch.cat([terms, grads[:, slice(*result['part'])].flatten()])
        assert distance(result[case], wanted) < 1e-12


def test_chunks_under_ddp_give_the_gradient_of_one_process_on_the_whole_batch(results, reference):
    """Unless a process has too few samples to take part in every chunk: then all say so."""
    for result in results:
        if len(results) > 2:
            assert 'too uneven' in result['messages']['chunks']
            continue
        for name, wanted in reference.items():
            assert distance(result['chunked'][name], wanted) < 1e-5, name


@pytest.mark.parametrize('form', ['direct', 'gram'])
def test_the_official_gradient_is_the_exact_one_over_the_number_of_processes(
    results, reference, form
):
    for result in results:
        for name, wanted in reference.items():
            factor = 1 if name.startswith('loss') else len(results)
            assert distance(factor * result[form, 'official'][name], wanted) < 1e-5, name


def test_a_bias_after_ten_lars_steps_does_not_depend_on_the_number_of_processes(results):
    wanted = bias_after_ten_lars_steps(Twins(), views())
    assert distance(wanted, next(p for p in Twins().parameters() if p.ndim == 1)) > 0.1
    for result in results:
        assert distance(result['bias'], wanted) < 1e-5


def test_the_picture_of_c_is_that_of_the_global_batch(results):
    wanted = CrossCorrelationHead(4).cross_correlation(*views())
    for result in results:
        assert distance(result['c'], wanted) < 1e-5


@pytest.mark.parametrize('form', ['direct', 'gram'])
@pytest.mark.parametrize(
    ('bad', 'says'),
    [
        ('shapes', 'process {last}: the embeddings of the two views must both be (n, D)'),
        ('dimensions', 'process {last}: the embeddings have 5 dimensions and the head 16'),
        ('integers', 'process {last}: the embeddings are torch.int64'),
        ('types', 'start all of them with the same config'),
        ('nan', '0 numbers of view A and 2 of view B'),
        ('single', 'a global batch of 1 has no correlations'),
    ],
)
def test_what_one_process_has_wrong_is_an_error_on_every_process(results, form, bad, says):
    if len(results) == 1:
        pytest.skip('one process has no others')
    for result in results:
        assert says.format(last=len(results) - 1) in result['messages'][f'{bad} {form}']


def test_processes_with_different_dimensions_all_say_so(results):
    if len(results) == 1:
        pytest.skip('one process has no others')
    for result in results:
        assert 'the processes have embeddings of [16, 17' in result['messages']['configs']


if __name__ == '__main__':
    worker(sys.argv[1])
