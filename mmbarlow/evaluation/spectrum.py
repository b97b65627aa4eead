"""What embeddings span: the cross-correlation of two views, its spectrum and effective rank.

Shapes: N images, D embedding dimensions; a and b are the standardized embeddings of two views.
"""

import math

import torch
from torch import Tensor


def effective_rank(eigenvalues: Tensor) -> float:
    """exp of the entropy of the eigenvalues over their sum (Roy and Vetterli, EUSIPCO 2007).

    Of the correlation matrix of embeddings, it is the number of directions that share the variance:
    1 where all dimensions say the same, their number where they are equal; 0 where all are 0.
    """
    values = eigenvalues.double().clamp_min(0)
    if not (total := values.sum()) > 0:
        return 0.0
    return float(torch.special.entr(values / total).sum().exp())


def correlation_spectrum(a_ND: Tensor, b_ND: Tensor) -> Tensor:
    """Singular values of C = a^T b / N, the largest first, (min(N, D),), in float64.

    With b = a they are the eigenvalues of the correlation matrix of one view. C itself, (D, D), is
    not needed: with a^T = Q_a R_a, they are those of R_a R_b^T / N.
    """
    r_a, r_b = (torch.linalg.qr(x.double().T, mode='r').R for x in (a_ND, b_ND))
    return torch.linalg.svdvals(r_a @ r_b.T / len(a_ND))


def correlation_cells(a_ND: Tensor, b_ND: Tensor, most: int = 128) -> Tensor:
    """C as a picture of at most `most` x `most` cells.

    Up to `most` dimensions a cell is an entry of C. Of more, a cell is the root mean square of a
    block of entries, and on the diagonal the mean of C's diagonal entries there.
    """
    N, D = a_ND.shape
    step = math.ceil(D / most)
    if step == 1:
        return a_ND.T @ b_ND / N
    rows = []
    for part in a_ND.split(step, 1):
        energy_D = (part.T @ b_ND / N).square().mean(0)
        rows.append(torch.stack([block.mean() for block in energy_D.split(step)]).sqrt())
    diagonal = (a_ND * b_ND).mean(0).split(step)
    return torch.stack(rows).diagonal_scatter(torch.stack([part.mean() for part in diagonal]))
