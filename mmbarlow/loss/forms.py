"""The two ways to the loss, each with its gradient by hand: torch only.

With c_i = C_ii, e_i = sum_{j != i} C_ij^2 and f_j = sum_{i != j} C_ij^2 the terms are

    invariance = sum_i (1 - c_i)^2        redundancy = lambd * sum_i e_i

and, with Q = B C_off^T (n, D), C_off being C without its diagonal,

    d invariance / dA = -2/N (1 - c) B    d redundancy / dA = 2 lambd / N Q

A factor d on A becomes (d - A mean(A d)) / deviation on z_a, and mean(A Q) = e, mean(A B) = c
(derivation: docs/loss.md). `Direct` builds C, (D, D). `Gram` never does:

    sum_ij C_ij^2 = <A A^T, B B^T> / N^2  Q = (B B^T) A / N - c B

Both keep one or two small matrices and the raw embeddings for backward and standardise again
there, block by block: cheaper than keeping A and B. There is no gradient of the gradient.

Shapes as in losses.py; a leading 2 is the two views. k is a block of columns, r one of rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.autograd.function import Function, once_differentiable

from mmbarlow.loss.losses import EPS, Total, blocks

ROWS = 512  # of a block of Direct at least: with 256, the traffic of C costs a twentieth more


@dataclass(frozen=True)
class Batch:
    """The global batch as one process sees it.

    Attributes:
        own: this process's rows among all N.
        N: samples of all processes.
        lambd: weight of the redundancy term.
        total: sums a tensor over the processes, in place.
        gather: this process's (n, D) to the rows of all, (N, D).
        check: called with 1 / deviation, (2, D), NaN where an embedding is not finite.
        grad_scale: factor on the gradient; DDP will divide by the number of processes.
    """

    own: slice
    N: int
    lambd: float
    total: Total
    gather: Callable[[Tensor], Tensor]
    check: Callable[[Tensor], None]
    grad_scale: float = 1.0

    def dtype(self, z: Tensor) -> torch.dtype:
        """fp32, but fp64 for fp64 and for a handful of samples.

        With N = 2 the standardised values are +-1, and the gradient is what EPS leaves of a
        difference of equal numbers: in fp32, noise.
        """
        return torch.float64 if z.dtype == torch.float64 or self.N <= 8 else torch.float32


class Direct(Function):
    """Through C: 6 n D^2 operations, keeps D^2 numbers, sums D^2 numbers over the processes."""

    @staticmethod
    def forward(ctx, z_a: Tensor, z_b: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        (n, D), N, dtype = z_a.shape, batch.N, batch.dtype(z_a)
        mean = torch.stack((z_a.sum(0, dtype=dtype), z_b.sum(0, dtype=dtype)))
        mean = batch.total(mean) / N
        c_DD, sums = mean.new_zeros(D, D), mean.new_zeros(5, D)  # sums: x_a, x_b, x_a x_b, squares
        with torch.autocast(z_a.device.type, enabled=False):
            for r in blocks(n, 2 * D, least=ROWS):
                x = centred((z_a[r], z_b[r]), mean)
                c_DD.addmm_(x[0].T, x[1])
                # The diagonal apart from the product, which may be TF32 if the user allows that.
                ab = (x[0] * x[1]).sum(0, keepdim=True)
                sums += torch.cat((x.sum(1), ab, x.square_().sum(1)))
            # `rest` is what rounding left of the mean: in fp32 a mean of 1e3 is 3e-5 off.
            rest, ab, square = (batch.total(sums) / N).split((2, 1, 2))
            scale = torch.rsqrt(square.addcmul_(rest, rest, value=-1).add_(EPS))
            batch.check(scale)
            c_D = (ab[0] - rest.prod(0)) * scale.prod(0)
            batch.total(c_DD).addr_(rest[0], rest[1], beta=1 / N, alpha=-1)
            c_DD.mul_(scale[0][:, None]).mul_(scale[1]).fill_diagonal_(0)
            e_D = torch.linalg.vector_norm(c_DD, dim=1).square_()
        ctx.save_for_backward(z_a, z_b, c_DD, c_D, e_D, mean, rest, scale)
        ctx.batch = batch
        return loss_terms(c_D, e_D.sum(), batch.lambd, z_a.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx, g_invariance: Tensor, g_redundancy: Tensor):
        z_a, z_b, c_DD, c_D, e_D, mean, rest, scale = ctx.saved_tensors
        w_inv, w_red = weights(g_invariance, g_redundancy, ctx.batch)
        grad_a, grad_b = torch.empty_like(z_a), torch.empty_like(z_b)
        with torch.autocast(z_a.device.type, enabled=False):
            pull = w_inv * (1 - c_D)
            # With x the centred embeddings: dz_a = x_b K^T + v_a x_a and dz_b = x_a K + v_b x_b.
            k_DD = c_DD * w_red
            k_DD.diagonal().copy_(-pull)
            k_DD.mul_(scale[0][:, None]).mul_(scale[1])
            e_2D = torch.stack((e_D, torch.linalg.vector_norm(c_DD, dim=0).square_()))
            v = scale.square().mul_(pull * c_D - w_red * e_2D)
            shift = -torch.stack((k_DD @ rest[1], rest[0] @ k_DD)) - rest * v
            for r in blocks(len(z_a), 2 * z_a.shape[1], least=ROWS):
                x = centred((z_a[r], z_b[r]), mean)
                out = torch.addcmul(shift[:, None], x, v[:, None])
                grad_a[r] = out[0].addmm_(x[1], k_DD.T)
                grad_b[r] = out[1].addmm_(x[0], k_DD)
        return grad_a, grad_b, None


class Gram(Function):
    """Through A A^T and B B^T: up to 8 n N D operations, keeps 2 n N numbers, gathers 2 N D."""

    @staticmethod
    def forward(ctx, z_a: Tensor, z_b: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        (n, D), N, dtype = z_a.shape, batch.N, batch.dtype(z_a)
        views = batch.gather(z_a), batch.gather(z_b)
        mean, rest, scale = z_a.new_empty(3, 2, D, dtype=dtype)
        g, c_D = mean.new_zeros(2, n, N), mean.new_empty(D)  # g: own rows of A A^T and B B^T
        with torch.autocast(z_a.device.type, enabled=False):
            for k in blocks(D, 2 * N):
                columns = [z[:, k] for z in views]
                mean[:, k] = torch.stack([z.sum(0, dtype=dtype) for z in columns]) / N
                x = centred(columns, mean[:, k])
                rest[:, k] = x.mean(1)
                x -= rest[:, k][:, None]
                scale[:, k] = torch.rsqrt(x.square().mean(1) + EPS)
                x *= scale[:, k][:, None]
                add_products(g, x, batch.own)
                c_D[k] = (x[0] * x[1]).mean(0)
            batch.check(scale)
            mirror(g)
            energy = batch.total(inner_product(g[0], g[1])) / N**2
            energy = energy - c_D.square().sum(dtype=torch.float64)
        ctx.save_for_backward(*views, g, c_D, mean, rest, scale)
        ctx.batch = batch
        return loss_terms(c_D, energy, batch.lambd, z_a.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx, g_invariance: Tensor, g_redundancy: Tensor):
        *views, g, c_D, mean, rest, scale = ctx.saved_tensors
        batch, (N, D) = ctx.batch, views[0].shape
        w_inv, w_red = weights(g_invariance, g_redundancy, batch)
        pull = w_inv * (1 - c_D)
        grad_a, grad_b = (torch.empty_like(z[batch.own]) for z in views)
        with torch.autocast(views[0].device.type, enabled=False):
            for k in blocks(D, 2 * N):
                c, of = c_D[k], scale[:, k]
                x = centred([z[:, k] for z in views], mean[:, k])
                x.sub_(rest[:, k][:, None]).mul_(of[:, None])
                q = x.new_empty(2, g.shape[1], x.shape[2])
                torch.mm(g[1], x[0], out=q[0])
                torch.mm(g[0], x[1], out=q[1])
                x = x[:, batch.own]
                # q is N (Q + c B) so far, and its mean product with A is N (e + c^2).
                e = batch.total((x * q).sum(1)) / N**2 - c.square()
                q.mul_((of * (w_red / N))[:, None])
                q.addcmul_(x.flip(0), (of * (-pull[k] - w_red * c))[:, None])
                q.addcmul_(x, (of * (pull[k] * c - w_red * e))[:, None])
                grad_a[:, k], grad_b[:, k] = q
        return grad_a, grad_b, None


def centred(views: Sequence[Tensor], mean: Tensor) -> Tensor:
    """Both views less their means, (2, n, D) in the type of `mean`."""
    return torch.stack([z.to(mean.dtype) for z in views]).sub_(mean[:, None])


def loss_terms(
    c_D: Tensor, energy: Tensor, lambd: float, dtype: torch.dtype
) -> tuple[Tensor, Tensor]:
    """Invariance and redundancy, fp64 for fp64 embeddings and fp32 for all others."""
    dtype = dtype if dtype == torch.float64 else torch.float32
    return (1 - c_D).square().sum().to(dtype), (lambd * energy).to(dtype)


def weights(g_invariance: Tensor, g_redundancy: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    """Of (1 - c) B and of Q in the gradient with respect to A."""
    factor = 2 * batch.grad_scale / batch.N
    return factor * g_invariance, factor * batch.lambd * g_redundancy


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
    parts = [(x[r] * y[r]).sum(1) for r in blocks(*x.shape)]
    return torch.cat(parts).sum(dtype=torch.float64)
