"""The official code's training step, written as plainly as there: what speed is compared with.

facebookresearch/barlowtwins, `main.py`: loss through C in the precision of autocast, LARS one
parameter after the other.
"""

import torch
from torch import Tensor, nn
from torch.optim import Optimizer


def off_diagonal(x: Tensor) -> Tensor:
    n, m = x.shape
    assert n == m
    return x.flatten()[:-1].view(n - 1, n + 1)[:, 1:].flatten()


class OfficialLoss(nn.Module):
    """Of two embeddings (n, D), one process."""

    def __init__(self, D: int, lambd: float = 0.0051) -> None:
        super().__init__()
        self.bn = nn.BatchNorm1d(D, affine=False)
        self.lambd = lambd

    def forward(self, z_a: Tensor, z_b: Tensor) -> Tensor:
        c = self.bn(z_a).T @ self.bn(z_b)
        c.div_(len(z_a))
        on_diag = torch.diagonal(c).add_(-1).pow_(2).sum()
        return on_diag + self.lambd * off_diagonal(c).pow_(2).sum()


class OfficialLARS(Optimizer):
    """As there, with both filters on 1-D tensors."""

    def __init__(self, params, lr: float, weight_decay: float = 1e-6) -> None:
        super().__init__(params, dict(lr=lr, weight_decay=weight_decay, momentum=0.9, eta=0.001))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group['params']:
                dp = p.grad
                if dp is None:
                    continue
                if p.ndim != 1:
                    dp = dp.add(p, alpha=group['weight_decay'])
                    param_norm, update_norm = torch.norm(p), torch.norm(dp)
                    one = torch.ones_like(param_norm)
                    q = torch.where(
                        param_norm > 0.0,
                        torch.where(update_norm > 0, group['eta'] * param_norm / update_norm, one),
                        one,
                    )
                    dp = dp.mul(q)
                state = self.state[p]
                if 'mu' not in state:
                    state['mu'] = torch.zeros_like(p)
                mu = state['mu']
                mu.mul_(group['momentum']).add_(dp)
                p.add_(mu, alpha=-group['lr'])
