"""Each loss of the family beside its authors' formula."""

from collections.abc import Callable
from dataclasses import dataclass

import authors
import torch
from torch import Tensor

from mmbarlow.loss import (
    CorInfoMaxLoss,
    FroSSLLoss,
    HSICLoss,
    MECLoss,
    MMCRLoss,
    SIGRegLoss,
    TiCoLoss,
    VICRegLoss,
    VNELoss,
    WMSELoss,
)
from mmbarlow.loss.family.loss_of_views import LossOfViews


@dataclass(frozen=True)
class Member:
    make: Callable[[int, int, str], LossOfViews]  # D, V, form
    formula: Callable[..., Tensor]
    forms: bool = True
    few: bool = True  # defined for N < D


def memoryless(x: Tensor, y: Tensor) -> Tensor:
    """With the published eps, of covariances without full rank, fp64 is exact to 1e-7 alone."""
    return authors.corinfomax(x, y, f=0.0, eps=1e-3)


def tico_of_views(first: Tensor, *others: Tensor) -> Tensor:
    return torch.stack([authors.tico(first, z) for z in others]).mean()


MEMBERS = dict(
    vicreg=Member(lambda D, V, form: VICRegLoss(form=form), authors.of_pairs(authors.vicreg)),
    hsic=Member(lambda D, V, form: HSICLoss(form=form), authors.of_pairs(authors.hsic)),
    wmse=Member(
        lambda D, V, form: WMSELoss(), authors.of_pairs(authors.wmse), forms=False, few=False
    ),
    frossl=Member(lambda D, V, form: FroSSLLoss(form=form), authors.frossl),
    vne=Member(lambda D, V, form: VNELoss(form=form), authors.vne),
    mec=Member(lambda D, V, form: MECLoss(form=form), authors.of_pairs(authors.mec)),
    corinfomax=Member(
        lambda D, V, form: CorInfoMaxLoss(D, views=V),
        authors.of_pairs(authors.corinfomax),
        forms=False,
    ),
    corinfomax_without_memory=Member(
        lambda D, V, form: CorInfoMaxLoss(D, forgetting=0.0, eps=1e-3, views=V, form=form),
        authors.of_pairs(memoryless),
    ),
    mmcr=Member(lambda D, V, form: MMCRLoss(form=form), authors.mmcr),
    tico=Member(lambda D, V, form: TiCoLoss(D), tico_of_views, forms=False),
    sigreg=Member(lambda D, V, form: SIGRegLoss(), authors.sigreg, forms=False),
)


def embeddings(views: int, N: int, D: int, dtype: torch.dtype = torch.float64) -> list[Tensor]:
    """Views that have something in common, with means and deviations of all sizes."""
    generator = torch.Generator().manual_seed(3)
    shared, *own = torch.randn(views + 1, N, D, generator=generator, dtype=torch.float64)
    scale = torch.linspace(0.3, 2, D, dtype=torch.float64)
    return [((shared + 0.5 * z) * scale + 0.2).to(dtype).requires_grad_() for z in own]


def value_and_gradients(loss: Callable[..., Tensor], views: list[Tensor]) -> list[Tensor]:
    value = loss(*views)
    return [value.detach(), *torch.autograd.grad(value, views)]


def distance(got: Tensor, wanted: Tensor) -> float:
    return (torch.norm(got - wanted) / torch.norm(wanted)).item()
