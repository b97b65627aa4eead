"""Attention in bf16 on a CPU, where torch's fused kernel is slow to go backward."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention
from torch.overrides import TorchFunctionMode

TOKENS = 200  # at 197 the two are alike, and a matrix of all pairs of more tokens needs memory


def quick_attention(images: torch.Tensor) -> AbstractContextManager:
    """Within it, networks that get these images attend as fast as they can; see `_Unfused`."""
    mixed = images.device.type == 'cpu' and torch.is_autocast_enabled('cpu')
    return _Unfused() if mixed else nullcontext()


class _Unfused(TorchFunctionMode):
    """Short sequences in bf16 attend by matrix products, not by torch's fused kernel for CPUs.

    Forward and backward together take 0.17 to 0.41 of the time with 17 to 65 tokens (torch 2.11,
    docs/vit.md), and in fp32 as long as before. The result is the same up to rounding.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is scaled_dot_product_attention and _is_short(args[0] if args else kwargs['query']):
            with sdpa_kernel(SDPBackend.MATH):
                return func(*args, **kwargs)
        return func(*args, **kwargs)


def _is_short(query: torch.Tensor) -> bool:
    """Whether there are few enough queries (..., tokens, channels), in bf16."""
    return query.shape[-2] <= TOKENS and query.dtype == torch.bfloat16
