"""Any loss of the family as a head for MMEngine models."""

from collections.abc import Iterator

from mmengine.model import BaseModule
from torch import Tensor

from mmbarlow.config import type_name
from mmbarlow.errors import InputError
from mmbarlow.loss import GlobalBatch, global_batch
from mmbarlow.loss.family.loss_of_views import LossOfViews
from mmbarlow.models.image_channels import takes
from mmbarlow.registry import MODELS, import_modules


def _losses(kind: type[LossOfViews]) -> Iterator[type[LossOfViews]]:
    for child in kind.__subclasses__():
        yield from _losses(child) if child.__subclasses__() else [child]


# Here, because mmbarlow.loss knows no registry; a new file in the folder needs no line anywhere.
import_modules('mmbarlow.loss.family')
for _loss in _losses(LossOfViews):
    MODELS.register_module(module=_loss)


@MODELS.register_module()
class CriterionHead(BaseModule):
    """A loss of the views' embeddings, such as `mmbarlow.VICRegLoss` (docs/family.md).

    Args:
        in_channels: D, the number of embedding dimensions.
        criterion: config of the loss, by default with `in_channels` as its `dimensions` where it
            takes these.

    Raises:
        InputError: the criterion is no `LossOfViews`.
    """

    def __init__(self, in_channels: int, criterion: dict) -> None:
        super().__init__()
        name = type_name(criterion.get('type') or 'none')
        kind = MODELS.get(name)
        if not (isinstance(kind, type) and issubclass(kind, LossOfViews)):
            raise InputError(
                f'model.head.criterion.type is {name!r}, no loss of the family: take one of '
                f'{", ".join(f"mmbarlow.{loss.__name__}" for loss in _losses(LossOfViews))}.'
            )
        known = dict(dimensions=in_channels) if takes(kind, 'dimensions') else {}
        self.in_channels = in_channels
        self.criterion: LossOfViews = MODELS.build(known | criterion)

    def loss(self, *views: Tensor) -> dict[str, Tensor]:
        """The terms of the loss by name, `loss_...`: scalars, fp32 (fp64 stays fp64).

        Args:
            views: embeddings of two or more views, shape (n, D), this process's part of the batch.

        Raises:
            InputError: see `mmbarlow.loss.global_batch` and `LossOfViews.terms`.
        """
        return self.loss_of(*views, batch=global_batch(*views, dimensions=self.in_channels))

    def loss_of(self, *views: Tensor, batch: GlobalBatch) -> dict[str, Tensor]:
        """`loss` once the processes have agreed on the batch."""
        terms = self.criterion.terms(*views, batch=batch)
        return {f'loss_{name}': term for name, term in terms.items()}
