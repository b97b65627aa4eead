"""The direct form of few embeddings: few operations, each a library's, the values kept.

Below a millisecond it is the number of operations that costs. Batch norm's own kernels, forward and
backward, do in two of them what `direct.py` does block by block in thirty. They want one process
and keep the standardized embeddings, as the peers do. Mathematics: docs/loss.md.
"""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor
from torch.autograd.function import Function, once_differentiable

from .direct import weights, working_dtype
from .global_batch import GlobalBatch
from .losses import EPS


class DirectCached(Function):
    """`mmbarlow.loss.direct.Direct` of embeddings that `fits_the_cache` is true of."""

    @staticmethod
    def forward(
        ctx, z_a: Tensor, z_b: Tensor, batch: GlobalBatch, lambd: float, grad_scale: float
    ) -> tuple[Tensor, Tensor]:
        ctx.batch, ctx.lambd, ctx.grad_scale = batch, lambd, grad_scale
        ctx.dtype, dtype = z_a.dtype, working_dtype(z_a, batch)
        raw = z_a, z_b
        with fp32_island(z_a.device.type):
            z_a, z_b = z_a.to(dtype), z_b.to(dtype)
            far = z_a.is_cuda  # to look, a GPU would be waited for
            if not far:
                (a, *stats_a), (b, *stats_b) = batch_norm(z_a), batch_norm(z_b)
                far = not near_zero(stats_a + stats_b)
            if far:
                # Batch norm rounds its mean, and in fp32 one of 1e3 is 3e-5 off: without the first
                # sample all means are small, and no loss changes.
                z_a, z_b = z_a - z_a[0], z_b - z_b[0]
                (a, *stats_a), (b, *stats_b) = batch_norm(z_a), batch_norm(z_b)
                batch.check_finite(raw, torch.stack((stats_a[1], stats_b[1])))
            c_DD = torch.mm(a.T, b).mul_(1 / batch.N)
            diagonal = c_DD.diagonal()
            # On a GPU the product may be TF32, which is too coarse for the diagonal.
            c_D = torch.linalg.vecdot(a, b, dim=0).div_(batch.N) if a.is_cuda else diagonal
            miss_D = c_D - 1
            diagonal.zero_()
            # Row by row: one sum over all D^2 squares in fp32 was 5e-4 low at D = 8192.
            norm_D = torch.linalg.vector_norm(c_DD, dim=1)
            invariance, energy = miss_D.dot(miss_D), norm_D.dot(norm_D)
        ctx.save_for_backward(z_a, z_b, a, b, c_DD, miss_D, *stats_a, *stats_b)
        return invariance, energy.mul_(lambd)

    @staticmethod
    @once_differentiable
    def backward(ctx, g_invariance: Tensor, g_redundancy: Tensor):
        z_a, z_b, a, b, c_DD, miss_D, *stats = ctx.saved_tensors
        w_inv, w_red = weights(ctx, g_invariance, g_redundancy)
        with fp32_island(z_a.device.type):
            k_DD = c_DD * w_red
            torch.mul(miss_D, w_inv, out=k_DD.diagonal())
            # One after the other, so that the first product is gone before the second is there.
            grad_a = batch_norm_backward(b @ k_DD.T, z_a, *stats[:2])
            grad_b = batch_norm_backward(a @ k_DD, z_b, *stats[2:])
        return grad_a.to(ctx.dtype), grad_b.to(ctx.dtype), None, None, None


def fp32_island(device: str) -> AbstractContextManager:
    """Autocast off; where it is off already, nothing, which is cheaper."""
    on = torch.is_autocast_enabled(device)
    return torch.autocast(device, enabled=False) if on else nullcontext()


def batch_norm(z_ND: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Standardized values, mean, 1 / deviation."""
    return torch.native_batch_norm(z_ND, None, None, None, None, True, 0.0, EPS)


def batch_norm_backward(grad_ND: Tensor, z_ND: Tensor, mean: Tensor, scale: Tensor) -> Tensor:
    """The gradient on z, from the one on its standardized values."""
    arguments = (None, None, None, mean, scale, True, EPS, [True, False, False])
    return torch.ops.aten.native_batch_norm_backward(grad_ND, z_ND, *arguments)[0]


def near_zero(stats: list[Tensor]) -> bool:
    """Whether no mean is over 30 deviations; not so if a number is NaN, infinite or too large.

    Args:
        stats: mean and 1 / deviation of the one view and of the other, (D,) each.
    """
    mean, scale = torch.stack(stats).view(2, 2, -1).unbind(1)
    low, high = torch.aminmax(mean * scale)
    return scale.amin().item() > 0 and low.item() >= -30 and high.item() <= 30
