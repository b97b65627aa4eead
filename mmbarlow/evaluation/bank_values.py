"""What a bank of images says of a checkpoint without labels.

Shapes: N images, V views of each, D dimensions.
"""

import torch
from torch import Tensor

from mmbarlow.evaluation.label_free import alpha_req, dead_dimensions, lidar, rankme
from mmbarlow.loss.losses import EPS, loss_floor


def spectral_values(x_NVD: Tensor) -> dict[str, float]:
    """`rankme`, `alpha` and `dead` of the first view of each image, `lidar` of all views."""
    first = x_NVD[:, 0]
    return dict(
        rankme=rankme(first),
        alpha=alpha_req(first),
        lidar=lidar(x_NVD),
        dead=dead_dimensions(first),
    )


def correlation_terms(x_NVD: Tensor) -> tuple[float, float, float]:
    """Of C of the first two views: sum_i (1 - C_ii)^2, sum_{i != j} C_ij^2 and the mean C_ii.

    Standardized as in the loss, over the N images, in float64. Of C, (D, D), and the products of
    the images, (N, N), whichever is smaller is built.
    """
    x = x_NVD[:, :2].double()
    x = (x - x.mean(0)) * torch.rsqrt(x.var(0, correction=0) + EPS)
    a_ND, b_ND = x.unbind(1)
    N, D = a_ND.shape
    diagonal_D = (a_ND * b_ND).mean(0)
    if N < D:
        energy = ((a_ND @ a_ND.T) * (b_ND @ b_ND.T)).sum() / N**2
    else:
        energy = (a_ND.T @ b_ND / N).square().sum()
    off = float(energy - diagonal_D.square().sum())
    return float((1 - diagonal_D).square().sum()), max(0.0, off), float(diagonal_D.mean())


def excess_loss(x_NVD: Tensor, lambd: float) -> float:
    """(L - floor) / D of the first two views, as one batch of N images.

    0 at the floor (`loss_floor`), 1 where the views have nothing in common. Between runs of other D
    and lambda it compares better than L.
    """
    N, _, D = x_NVD.shape
    invariance, off, _ = correlation_terms(x_NVD)
    return (invariance + lambd * off - loss_floor(N, D, lambd)) / D
