"""Layer-wise adaptive rate scaling, as in the official Barlow Twins code."""

import torch
from torch.optim import Optimizer

from mmbarlow.registry import OPTIMIZERS


@OPTIMIZERS.register_module()
class LARS(Optimizer):
    """LARS (You et al., 2017) as in the official code (`main.py`, class LARS).

    For tensors with more than one dimension: q = eta |w| / |g + wd w|, or 1 where either norm is
    0; m = momentum m + q (g + wd w); w = w - lr m. Tensors with one dimension (biases, BN) get
    neither weight decay nor q. The rate stays outside the momentum buffer: inside it, as in
    mmpretrain's LARS, old gradients would keep the rate of their time.

    Multi-tensor and without host synchronisation. `step` works on the gradients in place: after
    it, `p.grad` holds the scaled direction, not the gradient.

    Args:
        params: parameters or groups; `mmbarlow.NdimParamGroups` gives 1-D tensors a group and a
            learning rate of their own.
        lr: learning rate of the weights.
        momentum: factor of the momentum buffer.
        weight_decay: factor wd of the L2 penalty, for tensors with more than one dimension.
        eta: trust coefficient.
    """

    def __init__(
        self,
        params,
        lr: float,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        eta: float = 0.001,
    ) -> None:
        defaults = dict(lr=lr, momentum=momentum, weight_decay=weight_decay, eta=eta)
        for name, value in defaults.items():
            if value < 0:
                raise ValueError(f'LARS: {name} must not be negative, got {value}.')
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            params = [p for p in group['params'] if p.grad is not None]
            if not params:
                continue
            self._adapt([p for p in params if p.ndim > 1], group['weight_decay'], group['eta'])
            for p in params:
                if 'momentum_buffer' not in self.state[p]:
                    self.state[p]['momentum_buffer'] = torch.zeros_like(p)
            buffers = [self.state[p]['momentum_buffer'] for p in params]
            torch._foreach_mul_(buffers, group['momentum'])
            torch._foreach_add_(buffers, [p.grad for p in params])
            torch._foreach_add_(params, buffers, alpha=-group['lr'])
        return loss

    @staticmethod
    def _adapt(weights: list[torch.Tensor], weight_decay: float, eta: float) -> None:
        """Turn the gradients g of the weights w into q (g + wd w), in place."""
        if not weights:
            return
        grads = [w.grad for w in weights if w.grad is not None]
        if weight_decay:
            torch._foreach_add_(grads, weights, alpha=weight_decay)
        w_norm = torch.stack(torch._foreach_norm(weights))
        g_norm = torch.stack(torch._foreach_norm(grads))
        q = torch.where((w_norm > 0) & (g_norm > 0), eta * w_norm / g_norm, 1.0)
        torch._foreach_mul_(grads, q.unbind())
