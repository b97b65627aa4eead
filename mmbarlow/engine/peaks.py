"""Whether many tensors are finite, found out on the device."""

from collections import defaultdict

import torch
from mmengine.optim import OptimWrapper
from torch import Tensor


def peaks(tensors: list[Tensor], exact: bool) -> Tensor:
    """The largest absolute value of each tensor, (n,), none of which is empty.

    Not `exact`: another norm, which is finite only where the tensor is.
    """
    return torch.stack(torch._foreach_norm(tensors, float('inf') if exact else 2))


def any_bad(tensors: list[Tensor], exact: bool = True) -> Tensor:
    return ~peaks(tensors, exact).isfinite().all()


def all_finite(tensors: list[Tensor]) -> bool:
    """Whether they hold neither NaN nor Inf, in a tenth of the time of their norms on a CPU.

    They may be on several devices: AdamW's counts of steps are on the CPU, whatever it trains.
    """
    together = defaultdict(list)
    for tensor in tensors:
        together[tensor.device].append(tensor)
    return all(map(_all_finite, together.values()))


def _all_finite(tensors: list[Tensor]) -> bool:
    # A sum with NaN or Inf is one, but it can overflow where no number does.
    sums = torch.stack([tensor.sum().float() for tensor in tensors])
    return bool(sums.isfinite().all()) or not any_bad(tensors)


def state_tensors(params: list, wrappers: list[OptimWrapper]) -> list[Tensor]:
    """The numbers that an update moves: weights, and what the optimizers keep of them."""
    states = [s for w in wrappers for s in w.optimizer.state.values() if isinstance(s, dict)]
    kept = [v for state in states for v in state.values() if isinstance(v, Tensor)]
    return [p.detach() for _, p in params] + [v for v in kept if v.is_floating_point() and v.ndim]


def is_set(flag: Tensor) -> bool:
    """The value of a tensor of one bool; of one on a GPU the host waits for it."""
    return bool(flag.cpu().numpy())
