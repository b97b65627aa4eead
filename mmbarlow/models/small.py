"""The direct form of few embeddings: few operations, each a library's.

Below a millisecond it is the number of operations that costs. Batch norm's own kernels, forward and
backward, do in two of them what forms.py does block by block in thirty. They want one process
and keep the standardised embeddings, as the peers do. Mathematics: docs/loss.md.
"""

import torch
from torch import Tensor
from torch.autograd.function import Function, once_differentiable

from mmbarlow.models.forms import Batch, loss_terms, weights
from mmbarlow.models.losses import BLOCK, EPS


def is_small(batch: Batch, z_nD: Tensor) -> bool:
    """Whether all of the global batch is here, fp32 will do, and keeping its standardised values
    takes no more than the peers do (4096 x 1024)."""
    return len(z_nD) == batch.N > 8 and z_nD.numel() <= 4 * BLOCK


class SmallDirect(Function):
    """`mmbarlow.models.forms.Direct` for what `is_small`."""

    @staticmethod
    def forward(ctx, z_a: Tensor, z_b: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        ctx.batch, ctx.dtype, dtype = batch, z_a.dtype, batch.dtype(z_a)
        with torch.autocast(z_a.device.type, enabled=False):
            z_a, z_b = z_a.to(dtype), z_b.to(dtype)
            far = z_a.is_cuda  # to look, a GPU would be waited for
            if not far:
                (a, *stats_a), (b, *stats_b) = batch_norm(z_a), batch_norm(z_b)
                far = not near_zero(stats_a, stats_b)
            if far:
                # Batch norm rounds its mean, and in fp32 one of 1e3 is 3e-5 off: without the first
                # sample all means are small, and no loss changes.
                z_a, z_b = z_a - z_a[0], z_b - z_b[0]
                (a, *stats_a), (b, *stats_b) = batch_norm(z_a), batch_norm(z_b)
                batch.check(torch.stack((stats_a[1], stats_b[1])))
            c_DD = torch.mm(a.T, b)
            # On a GPU the product may be TF32, which is too coarse for the diagonal.
            c_D = torch.linalg.vecdot(a, b, dim=0) if a.is_cuda else c_DD.diagonal().clone()
            c_DD.div_(batch.N).fill_diagonal_(0)
            c_D.div_(batch.N)
            energy = torch.linalg.vector_norm(c_DD).square_()
        ctx.save_for_backward(z_a, z_b, a, b, c_DD, c_D, *stats_a, *stats_b)
        return loss_terms(c_D, energy, batch.lambd, ctx.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx, g_invariance: Tensor, g_redundancy: Tensor):
        z_a, z_b, a, b, c_DD, c_D, *stats = ctx.saved_tensors
        w_inv, w_red = weights(g_invariance, g_redundancy, ctx.batch)
        with torch.autocast(z_a.device.type, enabled=False):
            k_DD = c_DD * w_red
            k_DD.diagonal().copy_((c_D - 1).mul_(w_inv))
            grads = (
                torch.ops.aten.native_batch_norm_backward(
                    *(grad, z, None, None, None, *of, True, EPS, [True, False, False])
                )[0].to(ctx.dtype)
                for grad, z, of in (
                    (b @ k_DD.T, z_a, stats[:2]),
                    (a @ k_DD, z_b, stats[2:]),
                )
            )
        return *grads, None


def batch_norm(z_ND: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Standardised values, mean, 1 / deviation."""
    return torch.native_batch_norm(z_ND, None, None, None, None, True, 0.0, EPS)


def near_zero(stats_a: list[Tensor], stats_b: list[Tensor]) -> bool:
    """Whether no mean is over 30 deviations; not so if a number is NaN, infinite or too large."""
    mean, scale = (torch.stack(pair) for pair in zip(stats_a, stats_b, strict=True))
    return scale.amin().item() > 0 and mean.mul_(scale).abs_().amax().item() <= 30
