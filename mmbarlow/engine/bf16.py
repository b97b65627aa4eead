"""Mixed precision: which type a device takes, and bfloat16 without a loss scaler."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.device import get_device
from mmengine.optim import OptimWrapper
from torch import nn

from mmbarlow.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class BF16OptimWrapper(OptimWrapper):
    """Runs the forward pass under bfloat16 autocast; the loss has its own island of fp32.

    bfloat16 has the range of fp32, so that gradients need no scaling. MMEngine's AmpOptimWrapper
    scales them all the same and refuses to work without a GPU.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        with super().optim_context(model), torch.autocast(get_device(), dtype=torch.bfloat16):
            yield


def has_bf16(device: str) -> bool:
    """Whether `device`, 'cpu' or 'cuda', computes in bf16 itself: emulated, it loses to fp32."""
    if device == 'cpu':
        return torch.cpu._is_avx512_bf16_supported()
    return torch.cuda.is_bf16_supported(including_emulation=False)


def mixed_dtype(device: str) -> torch.dtype:
    """The type of `tools/train.py --amp`: bf16, or fp16 on a GPU that has no bf16 of its own.

    A CPU gets bf16 even if it emulates it: fp16 would need the loss scaler, which refuses a CPU.
    """
    return torch.bfloat16 if device == 'cpu' or has_bf16(device) else torch.float16


def wrapper_for(dtype: torch.dtype) -> str:
    """The registered name of the optimizer wrapper that computes in bf16, fp16 or fp32."""
    return {
        torch.bfloat16: 'mmbarlow.BF16OptimWrapper',
        torch.float16: 'mmengine.AmpOptimWrapper',  # scales the loss
        torch.float32: 'mmengine.OptimWrapper',
    }[dtype]
