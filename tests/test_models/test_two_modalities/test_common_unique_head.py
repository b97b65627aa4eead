"""DeCUR's loss against its formula in float64, and over two processes."""

import os
import sys
from itertools import product

import pytest
import torch
import torch.distributed as dist
from mmengine.model import MMDistributedDataParallel
from torch import Tensor, nn

from mmbarlow.errors import InputError
from mmbarlow.models.cross_correlation_head import CrossCorrelationHead
from mmbarlow.models.two_modalities.common_unique_head import CommonUniqueHead

SHARDS = [9, 15]
D, K = 12, 8


def formula(z_a: Tensor, z_b: Tensor, lambd: float) -> dict[str, Tensor]:
    """Entry by entry, in the numbers of the embeddings."""
    a, b = ((z - z.mean(0)) / (z.var(0, unbiased=False) + 1e-5).sqrt() for z in (z_a, z_b))
    c = a.T @ b / len(a)
    names = 'common_invariance', 'common_redundancy', 'unique_diagonal', 'unique_redundancy'
    parts = dict.fromkeys(names, torch.zeros((), dtype=c.dtype))
    for i, j in product(range(D), range(D)):
        if i == j < K:
            parts['common_invariance'] = parts['common_invariance'] + (1 - c[i, j]) ** 2
        elif i == j:
            parts['unique_diagonal'] = parts['unique_diagonal'] + c[i, j] ** 2
        elif i < K and j < K:
            parts['common_redundancy'] = parts['common_redundancy'] + lambd * c[i, j] ** 2
        elif i >= K and j >= K:
            parts['unique_redundancy'] = parts['unique_redundancy'] + lambd * c[i, j] ** 2
    return {f'loss_{name}': value for name, value in parts.items()}


def embeddings(dtype: torch.dtype) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    shared = torch.randn(24, D, generator=generator, dtype=torch.float64)
    own = [torch.randn(24, D, generator=generator, dtype=torch.float64) for _ in 'ab']
    return [(2 * shared + z + 3).to(dtype).requires_grad_() for z in own]


@pytest.mark.parametrize('form', ['direct', 'gram'])
@pytest.mark.parametrize(('dtype', 'within'), [(torch.float64, 1e-12), (torch.float32, 2e-5)])
def test_terms_and_gradient_are_those_of_the_formula(form, dtype, within):
    wanted_z, z = embeddings(torch.float64), embeddings(dtype)
    wanted = formula(*wanted_z, lambd=0.03)
    got = CommonUniqueHead(D, K, lambd=0.03, form=form).loss(*z)
    assert list(got) == list(wanted)
    for name, value in wanted.items():
        assert abs(got[name].item() / value.item() - 1) < within, name
    sum(wanted.values()).backward()
    sum(got.values()).backward()
    for ours, theirs in zip(z, wanted_z, strict=True):
        assert torch.norm(ours.grad - theirs.grad) < within * torch.norm(theirs.grad)


def test_without_unique_dimensions_it_is_barlow_twins_between_modalities():
    z = embeddings(torch.float32)
    wanted = CrossCorrelationHead(D).loss(*z)
    for head in (CommonUniqueHead(D), CommonUniqueHead(D, D)):
        got = head.loss(*z)
        assert list(got) == ['loss_common_invariance', 'loss_common_redundancy']
        assert list(got.values()) == list(wanted.values())


@pytest.mark.parametrize('common', [0, -1, D + 1])
def test_a_number_of_common_dimensions_that_there_is_not_is_refused(common):
    with pytest.raises(InputError, match=f'set model.head.common from 1 to {D}'):
        CommonUniqueHead(D, common)


class Pair(nn.Module):
    """A layer for each modality, and the head."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.a, self.b = nn.Linear(D, D), nn.Linear(D, D)
        self.head = CommonUniqueHead(D, K, lambd=0.05)

    def forward(self, x_a: Tensor, x_b: Tensor) -> dict[str, Tensor]:
        return self.head.loss(self.a(x_a), self.b(x_b))


def one_step(model: nn.Module, shard: list[Tensor]) -> dict[str, Tensor]:
    terms = model(*shard)
    sum(terms.values()).backward()
    gradients = {n.removeprefix('module.'): p.grad for n, p in model.named_parameters()}
    return {name: term.detach() for name, term in terms.items()} | gradients


def worker(folder: str) -> None:
    dist.init_process_group('gloo')
    rank = dist.get_rank()
    shard = [z.detach().split(SHARDS)[rank] for z in embeddings(torch.float64)]
    model = MMDistributedDataParallel(Pair().double())
    torch.save(one_step(model, shard), f'{folder}/{rank}.pth')
    dist.barrier()
    os._exit(0)  # gloo's threads sometimes abort when an interpreter is torn down around them


def test_two_processes_have_the_loss_and_the_gradient_of_one(run_processes, tmp_path):
    run_processes(2, __file__, tmp_path)
    wanted = one_step(Pair().double(), [z.detach() for z in embeddings(torch.float64)])
    for rank in (0, 1):
        got = torch.load(tmp_path / f'{rank}.pth')
        assert got.keys() == wanted.keys()
        for name, value in wanted.items():
            # 1e-9 of the largest: biases before a standardization have no gradient but rounding
            assert torch.allclose(got[name], value, rtol=1e-9, atol=1e-9), name


if __name__ == '__main__':
    worker(sys.argv[1])
