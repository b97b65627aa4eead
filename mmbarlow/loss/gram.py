"""The Gram form: the same numbers as `direct.py` without any matrix of the size D x D.

With the standardized embeddings A and B of all N samples, and Q and c as in `direct.py`,

    sum_ij C_ij^2 = <A A^T, B B^T> / N^2  Q = (B B^T) A / N - c B

so that only matrices (n, N) are held (derivation, and why the subtraction of sum_i C_ii^2 is
harmless: docs/loss.md).

Shapes as in losses.py; a leading 2 is the two views, k is a block of columns.
"""

import torch
from torch import Tensor
from torch.autograd.function import Function, once_differentiable

from .cost import blocks
from .direct import centered, loss_terms, weights, working_dtype
from .distributed import total_
from .fp64 import sum_fp64
from .global_batch import GlobalBatch
from .losses import EPS


class Gram(Function):
    """Through A A^T and B B^T: up to 8 n N D operations, keeps 2 n N numbers, gathers 2 N D."""

    @staticmethod
    def forward(
        ctx, z_a: Tensor, z_b: Tensor, batch: GlobalBatch, lambd: float, grad_scale: float
    ) -> tuple[Tensor, Tensor]:
        (n, D), N, dtype = z_a.shape, batch.N, working_dtype(z_a, batch)
        views = batch.gather(z_a), batch.gather(z_b)
        mean, rest, scale = z_a.new_empty(3, 2, D, dtype=dtype)
        g, c_D = mean.new_zeros(2, n, N), mean.new_empty(D)  # g: own rows of A A^T and B B^T
        with torch.autocast(z_a.device.type, enabled=False):
            for k in blocks(z_a, D, 2 * N):
                columns = [z[:, k] for z in views]
                mean[:, k] = torch.stack([z.sum(0, dtype=dtype) for z in columns]) / N
                x = centered(columns, mean[:, k])
                rest[:, k] = x.mean(1)
                x -= rest[:, k][:, None]
                scale[:, k] = torch.rsqrt(x.square().mean(1) + EPS)
                x *= scale[:, k][:, None]
                add_products(g, x, batch.own)
                c_D[k] = (x[0] * x[1]).mean(0)
            batch.check_finite((z_a, z_b), scale)
            mirror(g)
            energy = total_(inner_product(g[0], g[1])) / N**2
            energy = energy - sum_fp64(c_D.square())
        ctx.save_for_backward(*views, g, c_D, mean, rest, scale)
        ctx.batch, ctx.lambd, ctx.grad_scale = batch, lambd, grad_scale
        return loss_terms(c_D, energy, lambd, z_a.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx, g_invariance: Tensor, g_redundancy: Tensor):
        *views, g, c_D, mean, rest, scale = ctx.saved_tensors
        batch, (N, D) = ctx.batch, views[0].shape
        w_inv, w_red = weights(ctx, g_invariance, g_redundancy)
        pull = w_inv * (1 - c_D)
        grad_a, grad_b = (torch.empty_like(z[batch.own]) for z in views)
        with torch.autocast(views[0].device.type, enabled=False):
            for k in blocks(g, D, 2 * N):
                c, of = c_D[k], scale[:, k]
                x = centered([z[:, k] for z in views], mean[:, k])
                x.sub_(rest[:, k][:, None]).mul_(of[:, None])
                q = x.new_empty(2, g.shape[1], x.shape[2])
                torch.mm(g[1], x[0], out=q[0])
                torch.mm(g[0], x[1], out=q[1])
                x = x[:, batch.own]
                # q is N (Q + c B) so far, and its mean product with A is N (e + c^2).
                e = total_((x * q).sum(1)) / N**2 - c.square()
                q.mul_((of * (w_red / N))[:, None])
                q.addcmul_(x.flip(0), (of * (-pull[k] - w_red * c))[:, None])
                q.addcmul_(x, (of * (pull[k] * c - w_red * e))[:, None])
                grad_a[:, k], grad_b[:, k] = q
        return grad_a, grad_b, None, None, None


def add_products(g: Tensor, x: Tensor, own: slice) -> None:
    """Add X_own X^T of both views; for a single process, on and above the diagonal blocks alone."""
    _, n, N = g.shape
    for g_nN, x_Nk in zip(g, x, strict=True):
        if n < N:
            g_nN.addmm_(x_Nk[own], x_Nk.T)
            continue
        for r in triangles(N):
            g_nN[r, r.start :].addmm_(x_Nk[r], x_Nk[r.start :].T)


def mirror(g: Tensor) -> None:
    """Fill what `add_products` left out, by symmetry."""
    _, n, N = g.shape
    if n == N:
        for r in triangles(N):
            g[:, r.stop :, r] = g[:, r, r.stop :].mT


def triangles(N: int) -> list[slice]:
    """Rows by eighths, but not so few that the products become inefficient."""
    step = max(128, -(-N // 8))
    return [slice(i, min(i + step, N)) for i in range(0, N, step)]


def inner_product(x: Tensor, y: Tensor) -> Tensor:
    """<x, y> of two matrices, the rows summed in fp64; no product of their size is held."""
    parts = [(x[r] * y[r]).sum(1) for r in blocks(x, *x.shape)]
    return sum_fp64(torch.cat(parts))
