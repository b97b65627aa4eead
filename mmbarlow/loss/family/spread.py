"""How far the views of an image are from their mean."""

import torch
from torch import Tensor
from torch.autograd.function import Function, once_differentiable


class Spread(Function):
    """Sum over views, samples and dimensions of (z - mean over views)^2; keeps the views alone.

    The mean adds nothing to the gradient: the differences from it sum to 0.
    """

    @staticmethod
    def forward(ctx, *views: Tensor) -> Tensor:
        ctx.save_for_backward(*views)
        mean_ND = _mean(views)
        return torch.stack([(z - mean_ND).square_().sum() for z in views]).sum()

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor):
        views = ctx.saved_tensors
        mean_ND = _mean(views)
        return tuple((z - mean_ND).mul_(2 * grad) for z in views)


def _mean(views: tuple[Tensor, ...]) -> Tensor:
    mean_ND = views[0] + views[1]
    for z in views[2:]:
        mean_ND += z
    return mean_ND.div_(len(views))
