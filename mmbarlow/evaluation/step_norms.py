"""Norms of a step, taken on the device: of the gradients its optimizer gets, and of weights."""

from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer


class StepNorms:
    """The norm of the gradients of one step, over all parameters of all its optimizers.

    It is taken when an optimizer begins its step: after gradients were summed over batches,
    unscaled and clipped, and before they are forgotten.

    Attributes:
        batches: as many batches as an update sums gradients of; then each `batches`-th step has
            an update.
    """

    def __init__(self, wrapper: Any) -> None:
        wrappers = list(getattr(wrapper, 'optim_wrappers', {}).values()) or [wrapper]
        self.optimizers: list[Optimizer] = [w.optimizer for w in wrappers]
        self.batches = max(getattr(w, '_accumulative_counts', 1) for w in wrappers)
        self.handles, self.found = [], []

    def open(self) -> None:
        self.found = []
        self.handles = [o.register_step_pre_hook(self._look) for o in self.optimizers]

    def close(self) -> dict[str, Tensor]:
        """The norm as `gradient_norm`; nothing where no optimizer has made a step."""
        for handle in self.handles:
            handle.remove()
        found, self.found = self.found, []
        return dict(gradient_norm=torch.stack(found).norm()) if found else {}

    def _look(self, optimizer: Optimizer, args: tuple, kwargs: dict) -> None:
        params = (p for group in optimizer.param_groups for p in group['params'])
        gradients = [p.grad.detach() for p in params if p.grad is not None and p.numel()]
        if gradients:
            norm = norm_of(gradients)
            scale = getattr(optimizer, 'grad_scale', None)  # of those that unscale by themselves
            self.found.append(norm if scale is None else norm / scale)


def norm_of(tensors: list[Tensor]) -> Tensor:
    """The L2 norm of all their numbers, a scalar of fp32 or fp64."""
    norms = torch.stack(torch._foreach_norm(tensors))
    return (norms if norms.dtype == torch.float64 else norms.float()).norm()


def bias_rate(wrapper: Any) -> dict[str, float]:
    """As `bias_lr`, the highest learning rate of biases and BN parameters that have their own.

    The log has the rate of the first group as `lr`.
    """
    wrappers = list(getattr(wrapper, 'optim_wrappers', {}).values()) or [wrapper]
    groups = [group for w in wrappers for group in w.optimizer.param_groups]
    rates = [g['lr'] for g in groups if all(p.ndim < 2 for p in g['params'])]
    return dict(bias_lr=float(max(rates))) if rates and len(rates) < len(groups) else {}
