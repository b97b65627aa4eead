"""Attention of short sequences in bf16 on a CPU goes around torch's fused kernel."""

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention
from torch.profiler import profile

from mmbarlow.models.quick_attention import TOKENS, quick_attention
from mmbarlow.registry import MODELS


def attended(dtype: torch.dtype, tokens: int, quick: bool) -> list[torch.Tensor]:
    """The result for random queries, keys and values, and their gradients."""
    torch.manual_seed(0)
    leaves = [torch.randn(4, 2, tokens, 8, requires_grad=True) for _ in 'qkv']
    with torch.autocast('cpu', torch.bfloat16, enabled=quick), quick_attention(leaves[0]):
        q, k, v = (leaf.to(dtype) for leaf in leaves)
        out = scaled_dot_product_attention(q, k, v).double()
    return [out, *torch.autograd.grad(out.square().sum(), leaves)]


@pytest.mark.parametrize('tokens', [17, TOKENS, TOKENS + 1])
def test_attention_and_its_gradients_are_those_of_float64_up_to_the_rounding_of_bf16(tokens):
    wanted = attended(torch.float64, tokens, quick=False)
    for got, exact in zip(attended(torch.bfloat16, tokens, quick=True), wanted, strict=True):
        assert torch.norm(got - exact) < 0.01 * torch.norm(exact)


@pytest.mark.parametrize(('side', 'chunk_size', 'fused'), [(16, None, 0), (16, 2, 0), (120, 2, 1)])
def test_the_fused_kernel_goes_backward_through_long_sequences_alone(side, chunk_size, fused):
    arch = dict(embed_dims=16, num_layers=1, num_heads=2, feedforward_channels=32)
    model = MODELS.build(
        dict(
            type='mmbarlow.BarlowTwins',
            backbone=dict(
                type='mmpretrain.VisionTransformer', arch=arch, img_size=side, patch_size=8
            ),
            neck=dict(
                type='mmbarlow.BarlowTwinsNeck', in_channels=16, hid_channels=8, out_channels=8
            ),
            head=dict(type='mmbarlow.CrossCorrelationHead', in_channels=8),
            chunk_size=chunk_size,
        )
    )
    views = [torch.rand(4, 3, side, side) for _ in 'ab']
    with profile() as seen:
        with torch.autocast('cpu', torch.bfloat16):
            losses = model(views, mode='loss')
        torch.stack(list(losses.values())).sum().backward()
    names = {event.key for event in seen.key_averages()}
    backward = 'aten::_scaled_dot_product_flash_attention_for_cpu_backward'
    assert (backward in names) == fused
