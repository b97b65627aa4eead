"""A Gram matrix of which small eigenvalues are known, against singular values in fp64."""

import pytest
import torch

from mmbarlow.loss.family.exact_gram import ExactGram


@pytest.mark.parametrize(('N', 'D'), [(40, 700), (300, 520)])  # one block of rows, and several
def test_value_and_gradient_of_the_nuclear_norm_keep_their_digits(N, D):
    torch.manual_seed(0)
    rows, columns = (torch.linalg.qr(torch.randn(n, N, dtype=torch.float64))[0] for n in (N, D))
    values = torch.logspace(0, -3, N, dtype=torch.float64)
    z = (rows * values @ columns.T).float().requires_grad_()

    norm = torch.linalg.eigvalsh(ExactGram.apply(z)).sqrt().sum()
    (grad,) = torch.autograd.grad(norm, z)
    u, s, v = torch.linalg.svd(z.detach().double(), full_matrices=False)
    assert norm.item() == pytest.approx(s.sum().item(), rel=1e-9)  # of an fp32 product: 1e-4
    assert (grad - u @ v).norm() < 1e-4 * (u @ v).norm()
    assert grad.dtype == torch.float32


def test_the_gradient_is_that_of_the_product():
    z = torch.randn(5, 9, dtype=torch.float64, requires_grad=True)
    assert torch.equal(ExactGram.apply(z), z @ z.T)
    assert torch.autograd.gradcheck(ExactGram.apply, z)
