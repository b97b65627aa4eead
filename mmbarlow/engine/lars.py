"""Layer-wise adaptive rate scaling, as in the official Barlow Twins code."""

import logging
from typing import cast

import torch
from mmengine.logging import print_log
from torch import Tensor
from torch.optim import Optimizer

from mmbarlow.engine import lars_kernels
from mmbarlow.registry import OPTIMIZERS

CPU_BLOCK = 2**17  # numbers of each tensor worked on at once, so that they stay in the cache


@OPTIMIZERS.register_module()
class LARS(Optimizer):
    """LARS (You et al., 2017) as in the official code (`main.py`, class LARS).

    For tensors with more than one dimension: q = eta |w| / |g + wd w|, or 1 where either norm is
    0; m = momentum m + q (g + wd w); w = w - lr m. Tensors with one dimension (biases, BN) get
    neither weight decay nor q. The rate stays outside the momentum buffer: inside it, as in
    mmpretrain's LARS, old gradients would keep the rate of their own step.

    There is no host synchronization. On a GPU each operation is one kernel for many tensors and
    works on the gradients in place: after `step`, `p.grad` may hold the scaled direction. A CPU is
    limited by its memory, so there all operations are done on one block of a weight before the
    next: each number comes from memory twice and not ten times.

    As torch's fused optimizers, it takes the attributes `found_inf` and `grad_scale`, fp32 tensors
    of one number: where `found_inf` is 1, weights and momentum stay as they are.

    Args:
        params: parameters or groups, such as those of `mmbarlow.NdimParamGroups`.
        lr: learning rate of the weights.
        momentum: factor of the momentum buffer.
        weight_decay: factor wd of the L2 penalty, for tensors with more than one dimension.
        eta: trust coefficient.
        fused: on a GPU, update tensors of float32 by two kernels over all of them, where Triton
            runs (`lars_kernels`). They have not run on a GPU yet, only in Triton's interpreter.
    """

    _step_supports_amp_scaling = True  # for torch's GradScaler, which looks for this name

    def __init__(
        self,
        params,
        lr: float,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        eta: float = 1e-3,
        fused: bool = False,
    ) -> None:
        defaults = dict(lr=lr, momentum=momentum, weight_decay=weight_decay, eta=eta)
        for name, value in defaults.items():
            if value < 0:
                raise ValueError(f'LARS: {name} must not be negative, got {value}.')
        super().__init__(params, defaults)
        self.tables = {} if fused else None  # of the kernels; None where they do not run

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        found_inf, scale = (getattr(self, name, None) for name in ('found_inf', 'grad_scale'))
        if found_inf is not None and found_inf.device.type == 'cpu' and found_inf:
            return loss
        for group in self.param_groups:
            together: dict[tuple, list[Tensor]] = {}
            moved = [p for p in group['params'] if p.grad is not None]
            if moved and scale is not None:
                torch._foreach_div_([p.grad for p in moved], scale)
            for p in moved:
                momentum = self.state[p].get('momentum_buffer')
                self.state[p]['momentum_buffer'] = (
                    torch.zeros_like(p) if momentum is None else aligned(momentum, p)
                )
                if p.ndim > 1 and p.device.type == 'cpu':
                    self._step_in_blocks(p, group)
                else:
                    together.setdefault((p.device, p.dtype), []).append(p)
            for params in together.values():
                if not self._step_fused(params, group, found_inf):
                    self._step_together(params, group, found_inf)
        return loss

    def _step_fused(
        self, params: list[Tensor], group: dict, found_inf: Tensor | None = None
    ) -> bool:
        """All operations in two kernels; False, and nothing done, where they do not run."""
        tables = vars(self).get('tables')  # a copy has none
        fits = lars_kernels.triton and params[0].is_cuda and params[0].dtype == torch.float32
        if not fits or tables is None or not all(map(is_dense, params)):
            return False
        grads = [aligned(cast(Tensor, p.grad), p) for p in params]
        buffers = [self.state[p]['momentum_buffer'] for p in params]
        place = params[0].device, next(i for i, g in enumerate(self.param_groups) if g is group)
        try:
            fused = tables.setdefault(place, lars_kernels.FusedLARS())
            fused.step(params, grads, buffers, group, found_inf)
        except Exception as error:  # Triton needs a C compiler, a driver and a card that it knows
            self.tables = None
            reason = str(error).split('\n')[0]
            print_log(f'LARS does without Triton: {reason}', 'current', logging.WARNING)
            return False
        return True

    def _step_together(
        self, params: list[Tensor], group: dict, found_inf: Tensor | None = None
    ) -> None:
        """Each operation on all tensors at once; the last one is torch's, which knows the mask."""
        weights = [p for p in params if p.ndim > 1]
        if weights:
            grads = [cast(Tensor, w.grad) for w in weights]
            if group['weight_decay']:
                torch._foreach_add_(grads, weights, alpha=group['weight_decay'])
            w_norm, g_norm = (torch.stack(torch._foreach_norm(x)) for x in (weights, grads))
            torch._foreach_mul_(grads, trust_ratio(w_norm, g_norm, group['eta']).unbind())
        buffers = [self.state[p]['momentum_buffer'] for p in params]
        torch._fused_sgd_(
            params,
            [aligned(cast(Tensor, p.grad), p) for p in params],
            buffers,
            momentum=group['momentum'],
            lr=group['lr'],
            weight_decay=0.0,
            dampening=0.0,
            nesterov=False,
            maximize=False,
            is_first_step=False,
            found_inf=found_inf,
        )

    def _step_in_blocks(self, weight: Tensor, group: dict) -> None:
        """All operations on some rows of a weight, then on the next."""
        rows = max(1, CPU_BLOCK // max(1, weight[0].numel()))
        tensors = weight, cast(Tensor, weight.grad), self.state[weight]['momentum_buffer']
        blocks = list(zip(*(tensor.split(rows) for tensor in tensors), strict=True))
        norm = torch.linalg.vector_norm
        norms = [(norm(w), norm(g.add(w, alpha=group['weight_decay']))) for w, g, _ in blocks]
        w_norm, g_norm = (norm(torch.stack(parts)) for parts in zip(*norms, strict=True))
        q = trust_ratio(w_norm, g_norm, group['eta'])
        for w, g, m in blocks:
            m.mul_(group['momentum']).addcmul_(g.add(w, alpha=group['weight_decay']), q)
            w.add_(m, alpha=-group['lr'])


def is_dense(x: Tensor) -> bool:
    """Whether its numbers lie in memory without holes, in either of the usual orders."""
    images = x.ndim == 4 and x.is_contiguous(memory_format=torch.channels_last)
    return images or x.is_contiguous()


def aligned(x: Tensor, p: Tensor) -> Tensor:
    """`x` in the memory layout of `p`, which a fused kernel takes for granted."""
    return x if x.stride() == p.stride() else torch.empty_like(p).copy_(x)


def trust_ratio(w_norm: Tensor, g_norm: Tensor, eta: float) -> Tensor:
    """q of weights with the norms |w| and |g + wd w|."""
    return torch.where((w_norm > 0) & (g_norm > 0), eta * w_norm / g_norm, 1.0)
