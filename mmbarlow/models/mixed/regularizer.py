"""The regularizer of Mixed Barlow Twins as algebra: torch only, no registry, no runner.

Shapes as in losses.py; a, b and m are the standardized embeddings of the two views and of the mixed
images. A matrix X^T Y is written out nowhere but in `DirectEnergy`; derivations: docs/variants.md.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.autograd.function import Function, once_differentiable

from mmbarlow.loss import GlobalBatch
from mmbarlow.loss.distributed import total_
from mmbarlow.loss.gram import inner_product

Energy = Callable[[Tensor, Tensor], Tensor]


def regularizer(
    views: tuple[Tensor, Tensor, Tensor],
    alpha: float,
    target: str,
    permute: Callable[[Tensor], Tensor],
    energy: Energy,
) -> Tensor:
    """|C^MA - gt^MA|^2 + |C^MB - gt^MB|^2, all entries, a scalar (arXiv 2312.02151).

    With p = b[pi], the embeddings of the images that were mixed in,

        C^MA = m^T a / N        gt^MA = (alpha a + (1 - alpha) p)^T a / N
        C^MB = m^T b / N        gt^MB = (alpha a + (1 - alpha) p)^T b / N

    so that both differences are r^T a / N and r^T b / N with r = m - alpha a - (1 - alpha) p.

    Args:
        views: a, b and m, each (n, D).
        alpha: share of the first view in the mixed images.
        target: 'paper' as above; 'released' has alpha b^T b in gt^MB for alpha a^T b.
        permute: (n, D) to the rows pi of the global batch.
        energy: x and y to |x^T y / N|^2, summed over the global batch.
    """
    a, b, m = views
    unexplained = m - (1 - alpha) * permute(b)
    r = unexplained - alpha * a
    if target == 'paper':
        return energy(r, torch.cat((a, b), 1))  # one product of twice the width
    return energy(r, a) + energy(unexplained - alpha * b, b)


class DirectEnergy(Function):
    """|C|^2 with C = X^T Y / N of the shape (D, E): 6 n D E operations, keeps D E numbers."""

    @staticmethod
    def forward(ctx, x_nD: Tensor, y_nE: Tensor, batch: GlobalBatch) -> Tensor:
        with torch.autocast(x_nD.device.type, enabled=False):
            c_DE = total_(x_nD.T @ y_nE).div_(batch.N)
        ctx.save_for_backward(x_nD, y_nE, c_DE)
        ctx.batch = batch
        return torch.linalg.vector_norm(c_DE).square()

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor):
        x_nD, y_nE, c_DE = ctx.saved_tensors
        factor = 2 * ctx.batch.grad_scale('exact') / ctx.batch.N * grad
        with torch.autocast(x_nD.device.type, enabled=False):
            return (y_nE @ c_DE.T).mul_(factor), (x_nD @ c_DE).mul_(factor), None


class GramEnergy(Function):
    """The same number from <X X^T, Y Y^T> / N^2: 6 n N (D + E) / 2 operations, keeps 2 n N numbers
    and, with several processes, the gathered X and Y; nothing of D x E."""

    @staticmethod
    def forward(ctx, x_nD: Tensor, y_nE: Tensor, batch: GlobalBatch) -> Tensor:
        x_ND, y_NE = batch.gather(x_nD), batch.gather(y_nE)
        with torch.autocast(x_nD.device.type, enabled=False):
            gx_nN, gy_nN = x_nD @ x_ND.T, y_nE @ y_NE.T
        ctx.save_for_backward(x_ND, y_NE, gx_nN, gy_nN)
        ctx.batch = batch
        energy = total_(inner_product(gx_nN, gy_nN)) / batch.N**2
        return energy.to(x_nD.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor):
        x_ND, y_NE, gx_nN, gy_nN = ctx.saved_tensors
        factor = 2 * ctx.batch.grad_scale('exact') / ctx.batch.N**2 * grad
        with torch.autocast(x_ND.device.type, enabled=False):
            return (gy_nN @ x_ND).mul_(factor), (gx_nN @ y_NE).mul_(factor), None
