"""TF32 products in the loss: less than what bf16 embeddings cost it, emulated on the CPU."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from mmbarlow.models.cross_correlation_head import CrossCorrelationHead

PRODUCTS = {'aten::mm', 'aten::addmm', 'aten::addmm_', 'aten::bmm'}


class TF32(TorchDispatchMode):
    """Rounds the factors of every fp32 product to 10 bits of mantissa, as a GPU does."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func._schema.name in PRODUCTS:
            args = (*args[:-2], *(rounded(x) for x in args[-2:]))
        return func(*args, **(kwargs or {}))


def rounded(x: torch.Tensor) -> torch.Tensor:
    bits = x.contiguous().view(torch.int32)
    return ((bits + 0x1000) & ~0x1FFF).view(torch.float32)


def loss_and_gradient(head, views):
    views = [z.clone().requires_grad_() for z in views]
    loss = sum(head.loss(*views).values())
    loss.backward()
    return loss.item(), torch.cat([z.grad for z in views]).double()


@pytest.mark.parametrize(('N', 'D'), [(128, 1024), (1024, 128)])
def test_tf32_products_cost_the_loss_less_than_bf16_embeddings(N, D):
    generator = torch.Generator().manual_seed(0)
    shared = torch.randn(N, D, generator=generator, dtype=torch.float64)
    views = [shared + 0.3 * torch.randn(N, D, generator=generator) for _ in 'ab']
    head = CrossCorrelationHead(D)
    loss, gradient = loss_and_gradient(head, views)

    def errors(views):
        other, rough = loss_and_gradient(head, views)
        difference = torch.linalg.vector_norm(rough - gradient)
        return abs(other / loss - 1), float(difference / torch.linalg.vector_norm(gradient))

    with TF32():
        tf32 = errors([z.float() for z in views])
    bf16 = errors([z.bfloat16().float() for z in views])
    exact = errors([z.float() for z in views])
    assert tf32[0] < 1e-4
    assert exact[1] < 1e-5 < tf32[1] < 0.5 * bf16[1]  # the emulation does something
