"""The direct form: through the matrix C, with the gradient by hand.

With c_i = C_ii, e_i = sum_{j != i} C_ij^2 and f_j = sum_{i != j} C_ij^2 the terms are

    invariance = sum_i (1 - c_i)^2        redundancy = lambd * sum_i e_i

and, with Q = B C_off^T (n, D), C_off being C without its diagonal,

    d invariance / dA = -2/N (1 - c) B    d redundancy / dA = 2 lambd / N Q

A factor d on A becomes (d - A mean(A d)) / deviation on z_a, and mean(A Q) = e, mean(A B) = c
(derivation: docs/loss.md). Only C and the raw embeddings are kept for backward, which standardizes
again, block by block: cheaper than keeping A and B. There is no gradient of the gradient.

Shapes as in losses.py; a leading 2 is the two views, r is a block of rows.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.autograd.function import Function, once_differentiable

from .cost import FEW, blocks
from .distributed import total_
from .global_batch import GlobalBatch
from .losses import EPS

ROWS = 512  # of a block at least: with 256, the traffic of C costs a twentieth more


class Direct(Function):
    """Through C: 6 n D^2 operations, keeps D^2 numbers, sums D^2 numbers over the processes."""

    @staticmethod
    def forward(
        ctx, z_a: Tensor, z_b: Tensor, batch: GlobalBatch, lambd: float, grad_scale: float
    ) -> tuple[Tensor, Tensor]:
        (n, D), N, dtype = z_a.shape, batch.N, working_dtype(z_a, batch)
        mean = torch.stack((z_a.sum(0, dtype=dtype), z_b.sum(0, dtype=dtype)))
        mean = total_(mean) / N
        c_DD, sums = mean.new_zeros(D, D), mean.new_zeros(5, D)  # sums: x_a, x_b, x_a x_b, squares
        with torch.autocast(z_a.device.type, enabled=False):
            for r in blocks(z_a, n, 2 * D, least=ROWS):
                x = centered((z_a[r], z_b[r]), mean)
                c_DD.addmm_(x[0].T, x[1])
                # The diagonal apart from the product, which may be TF32 if the user allows that.
                ab = (x[0] * x[1]).sum(0, keepdim=True)
                sums += torch.cat((x.sum(1), ab, x.square_().sum(1)))
            # `rest` is what rounding left of the mean: in fp32 a mean of 1e3 is 3e-5 off.
            rest, ab, square = (total_(sums) / N).split((2, 1, 2))
            scale = torch.rsqrt(square.addcmul_(rest, rest, value=-1).add_(EPS))
            batch.check_finite((z_a, z_b), scale)
            c_D = (ab[0] - rest.prod(0)) * scale.prod(0)
            total_(c_DD).addr_(rest[0], rest[1], beta=1 / N, alpha=-1)
            c_DD.mul_(scale[0][:, None]).mul_(scale[1]).fill_diagonal_(0)
            e_D = torch.linalg.vector_norm(c_DD, dim=1).square_()
        ctx.save_for_backward(z_a, z_b, c_DD, c_D, e_D, mean, rest, scale)
        ctx.batch, ctx.lambd, ctx.grad_scale = batch, lambd, grad_scale
        return loss_terms(c_D, e_D.sum(), lambd, z_a.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx, g_invariance: Tensor, g_redundancy: Tensor):
        z_a, z_b, c_DD, c_D, e_D, mean, rest, scale = ctx.saved_tensors
        w_inv, w_red = weights(ctx, g_invariance, g_redundancy)
        grad_a, grad_b = torch.empty_like(z_a), torch.empty_like(z_b)
        with torch.autocast(z_a.device.type, enabled=False):
            pull = w_inv * (1 - c_D)
            # With x the centered embeddings: dz_a = x_b K^T + v_a x_a and dz_b = x_a K + v_b x_b.
            k_DD = c_DD * w_red
            k_DD.diagonal().copy_(-pull)
            k_DD.mul_(scale[0][:, None]).mul_(scale[1])
            e_2D = torch.stack((e_D, torch.linalg.vector_norm(c_DD, dim=0).square_()))
            v = scale.square().mul_(pull * c_D - w_red * e_2D)
            shift = -torch.stack((k_DD @ rest[1], rest[0] @ k_DD)) - rest * v
            for r in blocks(z_a, len(z_a), 2 * z_a.shape[1], least=ROWS):
                x = centered((z_a[r], z_b[r]), mean)
                out = torch.addcmul(shift[:, None], x, v[:, None])
                grad_a[r] = out[0].addmm_(x[1], k_DD.T)
                grad_b[r] = out[1].addmm_(x[0], k_DD)
        return grad_a, grad_b, None, None, None


def working_dtype(z: Tensor, batch: GlobalBatch) -> torch.dtype:
    """fp32, but fp64 for fp64 and for a handful of samples.

    With N = 2 the standardized values are +-1, and the gradient is what EPS leaves of a
    difference of equal numbers: in fp32, noise.
    """
    return torch.float64 if z.dtype == torch.float64 or batch.N <= FEW else torch.float32


def centered(views: Sequence[Tensor], mean: Tensor) -> Tensor:
    """Both views less their means, (2, n, D) in the type of `mean`."""
    return torch.stack([z.to(mean.dtype) for z in views]).sub_(mean[:, None])


def loss_terms(
    c_D: Tensor, energy: Tensor, lambd: float, dtype: torch.dtype
) -> tuple[Tensor, Tensor]:
    """Invariance and redundancy, fp64 for fp64 embeddings and fp32 for all others."""
    dtype = dtype if dtype == torch.float64 else torch.float32
    redundancy = (lambd * energy).to(dtype).to(c_D.device)  # of a CPU where fp64 is there alone
    return (1 - c_D).square().sum().to(dtype), redundancy


def weights(ctx, g_invariance: Tensor, g_redundancy: Tensor) -> tuple[Tensor, Tensor]:
    """Of (1 - c) B and of Q in the gradient with respect to A."""
    factor = 2 * ctx.grad_scale / ctx.batch.N
    return factor * g_invariance, factor * ctx.lambd * g_redundancy
