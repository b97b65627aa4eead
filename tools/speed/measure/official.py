"""The official code, written as plainly as there: what speed is compared with.

facebookresearch/barlowtwins, `main.py`: its views, its loss through C in the precision of
autocast, and its LARS, which takes one parameter after the other.
"""

import random
from collections.abc import Callable, Iterable

import torch
from PIL import Image, ImageFilter, ImageOps
from torch import Tensor, nn
from torch.optim import Optimizer
from torchvision import transforms as T


def view(size: int, blur: float, solarize: float) -> T.Compose:
    """One of the two views of `Transform`; `blur` and `solarize` are probabilities."""

    def sometimes(probability: float, step: Callable) -> Callable:
        return lambda image: step(image) if random.random() < probability else image

    def blurred(image: Image.Image) -> Image.Image:
        return image.filter(ImageFilter.GaussianBlur(random.random() * 1.9 + 0.1))

    return T.Compose(
        [
            T.RandomResizedCrop(size, interpolation=T.InterpolationMode.BICUBIC),
            T.RandomHorizontalFlip(0.5),
            T.RandomApply([T.ColorJitter(0.4, 0.4, 0.2, 0.1)], p=0.8),
            T.RandomGrayscale(0.2),
            sometimes(blur, blurred),
            sometimes(solarize, ImageOps.solarize),
            T.ToTensor(),
            T.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )


def off_diagonal(x: Tensor) -> Tensor:
    n, m = x.shape
    assert n == m
    return x.flatten()[:-1].view(n - 1, n + 1)[:, 1:].flatten()


class OfficialLoss(nn.Module):
    """The loss of two embeddings (n, D), in one process."""

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
    """LARS with both filters of the official code on 1-D tensors."""

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


def groups(params: Iterable[nn.Parameter], **one_dimensional: object) -> list[dict]:
    """Two groups of parameters: the second has the 1-D tensors, and options of its own."""
    params = list(params)
    return [
        dict(params=[p for p in params if p.ndim > 1]),
        dict(params=[p for p in params if p.ndim == 1], **one_dimensional),
    ]
