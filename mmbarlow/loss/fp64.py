"""Sums in fp64, also of what lies on a device that has no fp64."""

import torch
from torch import Tensor

WITHOUT_FP64 = {'mps'}


def has_fp64(x: Tensor) -> bool:
    """Whether the device of `x` computes in fp64: Apple's does not."""
    return x.device.type not in WITHOUT_FP64


def sum_fp64(x: Tensor) -> Tensor:
    """The sum in fp64, a scalar; on the CPU where the device of `x` cannot."""
    return (x if has_fp64(x) else x.cpu()).sum(dtype=torch.float64)
