"""BN over the batch of all processes where there is no GPU, for which torch has none."""

import torch
from torch import Tensor, nn
from torch.autograd.function import Function, once_differentiable
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from mmbarlow.loss.distributed import gather_rows, total_, world_size

backward_of_batch_norm = torch.ops.aten.native_batch_norm_backward


class GlobalBatchNorm(_BatchNorm):
    """What torch's SyncBatchNorm is on GPUs, for CPU processes.

    In training, mean and biased variance are those of the samples of all processes, of which each
    may have another number; running statistics move by `momentum` to that mean and to the unbiased
    variance, and are the same on every process. Statistics are fp32 (fp64 of fp64 inputs), merged
    in fp64, so that what one process has does not depend on how the batch is split.
    """

    def forward(self, input: Tensor) -> Tensor:
        """(n, C, ...) to the same shape.

        Raises:
            ValueError: the processes together have one number of each channel, as in torch's BN.
        """
        if not self.training or world_size() == 1:
            return super().forward(input)
        y, mean, variance, count = _Standardize.apply(input, self.weight, self.bias, self.eps)
        if self.track_running_stats:
            assert self.running_mean is not None
            assert self.running_var is not None
            assert self.num_batches_tracked is not None
            self.num_batches_tracked.add_(1)
            momentum = self.momentum
            if momentum is None:  # the mean over all batches
                momentum = 1 / self.num_batches_tracked.item()
            unbiased = variance * (count / (count - 1))
            self.running_mean.lerp_(mean.to(self.running_mean.dtype), momentum)
            self.running_var.lerp_(unbiased.to(self.running_var.dtype), momentum)
        return y

    def _check_input_dim(self, input: Tensor) -> None:
        """Any number of dimensions, as in torch's SyncBatchNorm."""


def use_global_batch_norm(model: nn.Module) -> None:
    """Have this in the place of each SyncBatchNorm, whose tensors and names it keeps."""
    for module in model.modules():
        if type(module) is nn.SyncBatchNorm:
            module.__class__ = GlobalBatchNorm  # pyright: ignore[reportAttributeAccessIssue]


class _Standardize(Function):
    """Each pass talks once: moments go around in forward, two sums of gradients in backward."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float):
        dtype = torch.promote_types(x.dtype, torch.float32)
        none = x.new_zeros(2, x.shape[1], dtype=dtype)  # running ones, whose type they are given in
        mean, variance = torch.batch_norm_update_stats(x, none[0], none[1], 0.0)
        count = torch.tensor([x.numel() // x.shape[1]])
        row = torch.cat([count, mean, variance]).double()
        counts, means, variances = gather_rows(row[None], (1,) * world_size()).split(
            [1, len(mean), len(mean)], 1
        )
        N = int(counts.sum())
        if N < 2:
            raise ValueError('BN needs more than one number of each channel in training.')
        shares = counts / N
        total_mean = (shares * means).sum(0)
        total_variance = (shares * (variances + (means - total_mean).square())).sum(0)
        mean, variance = total_mean.to(dtype), total_variance.to(dtype)
        weight, bias = (p if p is None else p.to(dtype) for p in (weight, bias))
        ctx.save_for_backward(x, weight, mean, variance)
        ctx.N, ctx.eps = N, eps
        ctx.mark_non_differentiable(mean, variance)
        y = F.batch_norm(x, mean, variance, weight, bias, training=False, eps=eps)
        return y, mean, variance, N

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor, *_):
        """dx = w s (dy - mean(dy) - x' mean(dy x')), with s = 1 / deviation and x' = s (x - mean);
        the means are those over all processes, the gradients of weight and bias this one's."""
        x, weight, mean, variance = ctx.saved_tensors
        w = torch.ones_like(mean) if weight is None else weight
        dx, dw, db = backward_of_batch_norm(
            grad, x, w, mean, variance, None, None, False, ctx.eps, [True] * 3
        )
        sums = total_(torch.cat([dw, db]).double())
        slope, shift = (sums / -ctx.N).to(mean.dtype).chunk(2)
        scale = w * (variance + ctx.eps).rsqrt()
        rest = F.batch_norm(x, mean, variance, scale * slope, scale * shift, eps=ctx.eps)
        given = weight is not None
        return dx.add_(rest), dw if given else None, db if given else None, None
