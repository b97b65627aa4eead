"""A Gram matrix whose small eigenvalues keep their digits."""

from torch import Tensor
from torch.autograd.function import Function, once_differentiable

from ..cost import blocks
from ..gram import add_products, mirror
from .products import in_fp64


class ExactGram(Function):
    """Z Z^T in fp64, (N, N), of Z (N, D) in fp32, of which no copy in fp64 is held.

    The gradient, (G + G^T) Z, is a product in the type of Z: rounding Z costs it nothing that the
    eigenvalues need.
    """

    @staticmethod
    def forward(ctx, z_ND: Tensor) -> Tensor:
        ctx.save_for_backward(z_ND)
        (N, D), g = z_ND.shape, in_fp64(z_ND.new_zeros(1, len(z_ND), len(z_ND)))
        for k in blocks(g, D, N):
            add_products(g, in_fp64(z_ND[:, k])[None], slice(0, N))
        mirror(g)
        return g[0]

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_NN: Tensor):
        (z_ND,) = ctx.saved_tensors
        return (grad_NN + grad_NN.T).to(z_ND) @ z_ND
