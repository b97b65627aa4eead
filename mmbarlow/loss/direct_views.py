"""The direct form of several views: a matrix C for each pair, each view standardized once.

Where N is large against D there is nothing below the products of all pairs: C_ab = A^T B / N costs
2 N D^2 for each of them, and the gradient with respect to A, 2 lambda / N sum_b B C_ab^T, twice as
much (docs/loss.md). `direct.py` is the case of two views, and has the derivation; L is the mean
over pairs.

Shapes: V views, P pairs; r is a block of rows.
"""

import torch
from torch import Tensor
from torch.autograd.function import Function, once_differentiable

from .cost import blocks
from .direct import ROWS, centered, loss_terms, working_dtype
from .distributed import total_
from .global_batch import GlobalBatch
from .losses import EPS
from .pairs import ViewPairs


class DirectOfViews(Function):
    """Through each C: 6 P n D^2 operations, keeps P D^2 numbers, sums them over the processes."""

    @staticmethod
    def forward(
        ctx, batch: GlobalBatch, pairs: ViewPairs, lambd: float, grad_scale: float, *shards: Tensor
    ) -> tuple[Tensor, Tensor]:
        (n, D), N, dtype = shards[0].shape, batch.N, working_dtype(shards[0], batch)
        V, P = len(shards), len(pairs)
        a, b = map(list, zip(*pairs.places, strict=True))
        mean = total_(torch.stack([z.sum(0, dtype=dtype) for z in shards])) / N
        c_PDD, sums = mean.new_zeros(P, D, D), mean.new_zeros(2 * V + P, D)
        with torch.autocast(shards[0].device.type, enabled=False):
            for r in blocks(shards[0], n, V * D, least=ROWS):
                x = centered([z[r] for z in shards], mean)
                # The diagonals apart from the products, which may be TF32 if the user allows that.
                ab = [(x[i] * x[j]).sum(0) for i, j in pairs.places]
                for c_DD, i, j in zip(c_PDD, a, b, strict=True):
                    c_DD.addmm_(x[i].T, x[j])
                sums += torch.cat((x.sum(1), torch.stack(ab), x.square_().sum(1)))
            rest, ab, square = (total_(sums) / N).split((V, P, V))
            scale = torch.rsqrt(square.addcmul_(rest, rest, value=-1).add_(EPS))
            batch.check_finite(shards, scale)
            c_PD = (ab - rest[a] * rest[b]) * scale[a] * scale[b]
            e_2PD = mean.new_empty(2, P, D)  # of each pair, sum_{j != i} C_ij^2 by row and column
            total_(c_PDD)
            for p, c_DD in enumerate(c_PDD):
                c_DD.addr_(rest[a[p]], rest[b[p]], beta=1 / N, alpha=-1)
                c_DD.mul_(scale[a[p], :, None]).mul_(scale[b[p]]).fill_diagonal_(0)
                for side in (0, 1):
                    torch.linalg.vector_norm(c_DD, dim=1 - side, out=e_2PD[side, p])
                c_DD.mul_(scale[a[p], :, None]).mul_(scale[b[p]])  # what backward multiplies
            e_2PD.square_()
        ctx.save_for_backward(*shards, c_PDD, c_PD, e_2PD, mean, rest, scale)
        ctx.batch, ctx.pairs, ctx.lambd, ctx.grad_scale = batch, pairs, lambd, grad_scale
        invariance, redundancy = loss_terms(c_PD, e_2PD[0].sum(), lambd, shards[0].dtype)
        return invariance / P, redundancy / P

    @staticmethod
    @once_differentiable
    def backward(ctx, g_invariance: Tensor, g_redundancy: Tensor):
        *views, c_PDD, c_PD, e_2PD, mean, rest, scale = ctx.saved_tensors
        factor = 2 * ctx.grad_scale / ctx.batch.N / len(ctx.pairs)
        w_inv, w_red = factor * g_invariance, factor * ctx.lambd * g_redundancy
        grads, places = [torch.empty_like(z) for z in views], ctx.pairs.places
        with torch.autocast(views[0].device.type, enabled=False):
            # With x the centered embeddings and K = w_red C - pull of each pair, scaled:
            # dz_a = sum_b x_b K_ab^T + v_a x_a + shift_a.
            pull_PD = w_inv * (1 - c_PD)
            own_2PD = pull_PD * c_PD - w_red * e_2PD
            v, shift = torch.zeros_like(mean), torch.zeros_like(mean)
            for p, (a, b) in enumerate(places):
                v[a] += own_2PD[0, p]
                v[b] += own_2PD[1, p]
                pull_PD[p] *= scale[a] * scale[b]
                shift[a] += pull_PD[p] * rest[b] - c_PDD[p] @ (w_red * rest[b])
                shift[b] += pull_PD[p] * rest[a] - (w_red * rest[a]) @ c_PDD[p]
            v *= scale.square()
            shift -= rest * v
            for r in blocks(views[0], len(views[0]), 2 * len(views) * views[0].shape[1], ROWS):
                x = centered([z[r] for z in views], mean)
                out = torch.addcmul(shift[:, None], x, v[:, None])
                for p, (a, b) in enumerate(places):
                    out[a].addcmul_(x[b], pull_PD[p], value=-1)
                    out[b].addcmul_(x[a], pull_PD[p], value=-1)
                x *= w_red
                for c_DD, (a, b) in zip(c_PDD, places, strict=True):
                    out[a].addmm_(x[b], c_DD.T)
                    out[b].addmm_(x[a], c_DD)
                for grad, part in zip(grads, out, strict=True):
                    grad[r] = part
        return None, None, None, None, *grads
