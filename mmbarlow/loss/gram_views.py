"""The Gram form of several views: all pairs at a cost that is linear in their number.

With G_a = A A^T of the standardized embeddings A, (N, N), and S the sum of G_b over the views b
that a is compared with,

    sum over pairs of sum_ij C_ij^2 = sum over pairs of <G_a, G_b> / N^2

which one running sum of the G_a gives, and the gradient of that with respect to A is 2/N^2 S A: one
product for each view, whatever the number of pairs. The diagonals need products of columns alone.
`gram.py` is the case of two views, and has the derivation (docs/loss.md); L is the mean over pairs.

Shapes: V views, G of them global, P pairs; g is the views, k a block of columns.
"""

import torch
from torch import Tensor
from torch.autograd.function import Function, once_differentiable

from .cost import blocks
from .direct import centered, loss_terms, working_dtype
from .distributed import total_
from .fp64 import sum_fp64
from .global_batch import GlobalBatch
from .gram import add_products, inner_product, mirror
from .losses import EPS
from .pairs import ViewPairs


class GramOfViews(Function):
    """Up to 4 V n N D operations, keeps (G + 1) n N numbers, gathers V N D."""

    @staticmethod
    def forward(
        ctx, batch: GlobalBatch, pairs: ViewPairs, lambd: float, grad_scale: float, *shards: Tensor
    ) -> tuple[Tensor, Tensor]:
        (n, D), N, dtype = shards[0].shape, batch.N, working_dtype(shards[0], batch)
        V, G = len(shards), pairs.global_views
        views = [batch.gather(z) for z in shards]
        mean, rest, scale = shards[0].new_empty(3, V, D, dtype=dtype)
        c_PD = mean.new_empty(len(pairs), D)
        # Own rows of the Gram matrix of each global view, and of the sum of all local ones.
        g = mean.new_zeros(G + bool(pairs.local_views), n, N)
        with torch.autocast(shards[0].device.type, enabled=False):
            for k in blocks(g, D, V * N):
                columns = [z[:, k] for z in views]
                mean[:, k] = torch.stack([z.sum(0, dtype=dtype) for z in columns]) / N
                x = centered(columns, mean[:, k])
                rest[:, k] = x.mean(1)
                x -= rest[:, k][:, None]
                scale[:, k] = torch.rsqrt(x.square().mean(1) + EPS)
                x *= scale[:, k][:, None]
                add_products(g[:G], x[:G], batch.own)
                for local in x[G:].split(1):
                    add_products(g[G:], local, batch.own)
                for p, (a, b) in enumerate(pairs.places):
                    c_PD[p, k] = (x[a] * x[b]).mean(0)
            batch.check_finite(shards, scale)
            mirror(g)
            energy = total_(energy_of_pairs(g)) / N**2 - sum_fp64(c_PD.square())
            sums_of_others_(g, pairs)  # which is what backward needs
        ctx.save_for_backward(*views, g, c_PD, mean, rest, scale)
        ctx.batch, ctx.pairs, ctx.lambd, ctx.grad_scale = batch, pairs, lambd, grad_scale
        invariance, redundancy = loss_terms(c_PD, energy, lambd, shards[0].dtype)
        return invariance / len(pairs), redundancy / len(pairs)

    @staticmethod
    @once_differentiable
    def backward(ctx, g_invariance: Tensor, g_redundancy: Tensor):
        *views, g, c_PD, mean, rest, scale = ctx.saved_tensors
        batch, pairs, (N, D) = ctx.batch, ctx.pairs, views[0].shape
        factor = 2 * ctx.grad_scale / N / len(pairs)
        w_inv, w_red = factor * g_invariance, factor * ctx.lambd * g_redundancy
        grads = [torch.empty_like(z[batch.own]) for z in views]
        with torch.autocast(views[0].device.type, enabled=False):
            # Of a pair: the weight of B in the gradient with respect to A, and of A in that of B.
            weight_PD = w_inv * (1 - c_PD) + w_red * c_PD
            own_PD = w_inv * (1 - c_PD) * c_PD + w_red * c_PD.square()
            others = [*g[: pairs.global_views], *[g[-1]] * pairs.local_views]
            for k in blocks(g, D, len(views) * N):
                of = scale[:, k]
                x = centered([z[:, k] for z in views], mean[:, k])
                x.sub_(rest[:, k][:, None]).mul_(of[:, None])
                q = torch.stack([s @ x_a for s, x_a in zip(others, x, strict=True)])
                x = x[:, batch.own]
                # q is N (Q + c B) of all partners, and its mean product with A is N (e + c^2).
                pull = -w_red / N**2 * total_((x * q).sum(1))
                q *= w_red / N
                for p, (a, b) in enumerate(pairs.places):
                    pull[a] += own_PD[p, k]
                    pull[b] += own_PD[p, k]
                    q[a].addcmul_(x[b], weight_PD[p, k], value=-1)
                    q[b].addcmul_(x[a], weight_PD[p, k], value=-1)
                q.addcmul_(x, pull[:, None]).mul_(of[:, None])
                for grad, part in zip(grads, q, strict=True):
                    grad[:, k] = part
        return None, None, None, None, *grads


def energy_of_pairs(g: Tensor) -> Tensor:
    """Sum over the pairs of <G_a, G_b>, without one over all views that is subtracted again."""
    before, energies = g[0].clone(), []
    for g_nN in g[1:]:
        energies.append(inner_product(before, g_nN))
        before += g_nN
    return torch.stack(energies).sum()


def sums_of_others_(g: Tensor, pairs: ViewPairs) -> None:
    """In place of the matrix of each view, the sum of those of the views it is compared with."""
    G = pairs.global_views
    whole = g[:G].sum(0)
    if pairs.local_views:
        all_global, whole = whole, whole + g[G]
        g[G] = all_global
    torch.sub(whole, g[:G], out=g[:G])
