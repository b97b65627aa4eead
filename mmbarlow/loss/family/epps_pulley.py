"""The statistic of Epps and Pulley: how far the values of a column are from a standard normal."""

import math

import torch
from torch import Tensor
from torch.autograd.function import Function, once_differentiable

T_MAX, POINTS = 3.0, 17


class EppsPulley(Function):
    """(N, K) to (K,): N int |mean_n e^{i t x_n} - e^{-t^2 / 2}|^2 e^{-t^2 / 2} dt from -3 to 3.

    The integral is twice that of its half, by the trapezoidal rule in 17 points, as in
    `MINIMAL.md` of rbalestr-lab/lejepa. One angle a time, so that nothing of 17 N K is held.
    """

    @staticmethod
    def forward(ctx, x_NK: Tensor) -> Tensor:
        cosines = [(x_NK * t).cos().mean(0) - normal for t, _, normal in angles()]
        sines = [(x_NK * t).sin().mean(0) for t, _, _ in angles()]
        error_2TK = torch.stack((torch.stack(cosines), torch.stack(sines)))
        ctx.save_for_backward(x_NK, error_2TK)
        weights_T = x_NK.new_tensor([weight for _, weight, _ in angles()])
        return len(x_NK) * (weights_T @ error_2TK.square().sum(0))

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_K: Tensor):
        x_NK, (cosines_TK, sines_TK) = ctx.saved_tensors
        grad_NK = torch.zeros_like(x_NK)
        for (t, weight, _), cosine, sine in zip(angles(), cosines_TK, sines_TK, strict=True):
            angle = x_NK * t
            grad_NK.addcmul_(angle.cos(), sine, value=2 * weight * t)
            grad_NK.addcmul_(angle.sin_(), cosine, value=-2 * weight * t)
        return grad_NK.mul_(grad_K)


def angles() -> list[tuple[float, float, float]]:
    """Each t with its weight, and the characteristic function of the normal there."""
    step = T_MAX / (POINTS - 1)
    ts = [i * step for i in range(POINTS)]
    normals = [math.exp(-t * t / 2) for t in ts]
    return [
        (t, (2 if 0 < t < T_MAX else 1) * step * f, f) for t, f in zip(ts, normals, strict=True)
    ]
