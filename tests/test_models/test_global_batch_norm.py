"""BN over CPU processes with data of their own, against torch's BN on all of it in one process."""

import os
import sys
from collections.abc import Iterator

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn

from mmbarlow.loss.distributed import gather_rows
from mmbarlow.models.global_batch_norm import GlobalBatchNorm, use_global_batch_norm

PROCESSES = 3
SHARDS = [4, 1, 2]  # samples of each process
LAYOUTS = [
    ((7, 5), torch.contiguous_format),
    ((7, 5, 4, 3), torch.contiguous_format),
    ((7, 5, 4, 3), torch.channels_last),
]
OPTIONS = [{}, dict(affine=False), dict(momentum=None), dict(track_running_stats=False)]
# Of the numbers' type: the largest distance from float64, relative to the norm.
TOLERANCE = {torch.float64: 1e-13, torch.float32: 1e-5, torch.bfloat16: 0.01}


def numbers(shape: tuple[int, ...], seed: int) -> Tensor:
    """A mean of 50 deviations, which E[x^2] - E[x]^2 would not survive in fp32."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).double() + 50


def distance(got: Tensor, wanted: Tensor) -> float:
    return ((got.double() - wanted).norm() / wanted.norm()).item()


def torchs(shape: tuple[int, ...], options: dict) -> nn.Module:
    layer = (nn.BatchNorm1d if len(shape) == 2 else nn.BatchNorm2d)(shape[1], **options).double()
    if layer.affine:
        layer.weight.data, layer.bias.data = numbers((5,), 3) - 49, numbers((5,), 4)
    return layer


def own(reference: nn.Module, dtype: torch.dtype, options: dict) -> nn.Module:
    layer = nn.SyncBatchNorm(5, **options).to(torch.promote_types(dtype, torch.float32))
    layer.load_state_dict(reference.state_dict())
    use_global_batch_norm(layer)
    assert type(layer) is GlobalBatchNorm
    return layer


def two_steps(layer: nn.Module, batches: list[Tensor], dy: Tensor) -> Iterator[Tensor]:
    """Outputs and gradients with respect to the inputs."""
    for x in batches:
        x = x.detach().requires_grad_()
        y = layer(x)
        (y * dy).sum().backward()
        assert x.grad is not None
        yield from (y.detach(), x.grad)


def largest_distances(rank: int, case: tuple) -> dict[str, float]:
    """How far this process's part is from one process's float64, on two steps and in eval mode."""
    (shape, layout), options, dtype = case
    # what a process is given is what `dtype` holds, and the reference computes with that
    whole = [numbers(shape, seed).to(dtype).to(memory_format=layout) for seed in (1, 2)]
    dy = (numbers(shape, 5) - 50).to(dtype)
    reference = torchs(shape, options)
    layer = own(reference, dtype, options)
    wanted = list(two_steps(reference, [x.double() for x in whole], dy.double()))
    part = [x.split(SHARDS)[rank] for x in whole]
    got = list(two_steps(layer, part, dy.split(SHARDS)[rank]))
    found = dict(zip(('y', 'dx', 'y2', 'dx2'), (distance(g, w.split(SHARDS)[rank]) for g, w in zip(
        got, wanted, strict=True)), strict=True))  # fmt: skip
    assert got[0].dtype == dtype
    for name, parameter in layer.named_parameters():
        dist.all_reduce(parameter.grad)  # as DDP does, but for the mean
        found[name] = distance(parameter.grad, dict(reference.named_parameters())[name].grad)
    for name, buffer in layer.named_buffers():
        found[name] = distance(buffer, dict(reference.named_buffers())[name].double())
        everywhere = gather_rows(buffer.reshape(1, -1), (1,) * PROCESSES)
        assert (everywhere == everywhere[0]).all()
    if options.get('track_running_stats', True):
        y = layer.eval()(part[0]), reference.eval()(whole[0].double()).split(SHARDS)[rank]
        found['eval'] = distance(*y)
    return found


def worker(folder: str) -> None:
    dist.init_process_group('gloo')
    rank = dist.get_rank()
    found = {}
    for dtype in TOLERANCE:
        cases = [(layout, options) for layout in LAYOUTS for options in OPTIONS]
        found[dtype] = [largest_distances(rank, (*case, dtype)) for case in cases]
    layer = GlobalBatchNorm(5)
    with torch.autocast('cpu', torch.bfloat16):
        y = nn.Sequential(nn.Linear(4, 5), layer)(torch.randn(2, 4))
        y.sum().backward()
    found['autocast'] = y.dtype, layer.weight.grad.dtype
    torch.save(found, f'{folder}/{rank}.pth')
    dist.barrier()
    os._exit(0)


@pytest.fixture(scope='module')
def results(run_processes, tmp_path_factory) -> list[dict]:
    folder = tmp_path_factory.mktemp('processes')
    run_processes(PROCESSES, __file__, folder)
    return [torch.load(folder / f'{rank}.pth') for rank in range(PROCESSES)]


@pytest.mark.parametrize('dtype', TOLERANCE, ids=str)
def test_outputs_gradients_and_statistics_are_those_of_one_process_in_float64(results, dtype):
    for result in results:
        for number, case in enumerate(result[dtype]):
            assert {'y', 'dx', 'y2', 'dx2'} <= case.keys()
            assert max(case.values()) < TOLERANCE[dtype], (number, case)


def test_under_autocast_activations_are_bf16_and_parameters_fp32(results):
    assert {result['autocast'] for result in results} == {(torch.bfloat16, torch.float32)}


def test_one_process_has_torchs_batch_norm_and_its_names():
    reference = torchs((7, 5), {})
    layer = own(reference, torch.float64, {})
    x = numbers((7, 5), 1)
    assert torch.equal(layer(x), reference(x))
    assert layer.state_dict().keys() == reference.state_dict().keys()
    assert all(map(torch.equal, layer.state_dict().values(), reference.state_dict().values()))


if __name__ == '__main__':
    worker(sys.argv[1])
