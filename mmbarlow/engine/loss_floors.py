"""The least value that the loss of a training can take."""

from typing import Any

from mmengine.runner import Runner

from mmbarlow.checkpoints import unwrap
from mmbarlow.engine.terminal import batch_size
from mmbarlow.loss import loss_floor
from mmbarlow.loss.distributed import world_size
from mmbarlow.models.cross_correlation_head import CrossCorrelationHead
from mmbarlow.models.two_modalities.common_unique_head import CommonUniqueHead


def floor_of(runner: Runner) -> tuple[float, int] | None:
    """The floor of the loss with the batch of all processes, and D, the dimensions of embeddings;
    None where the loss has no floor that is known.

    Of two modalities it is the sum of the floors of Barlow Twins in the K common dimensions between
    them and, with two views of each image, in all D within each: the unique dimensions can reach 0,
    and whether all is reached at once is not said.
    """
    batch = (batch_size(runner.train_dataloader) or 0) * world_size()
    model: Any = unwrap(runner.model)
    head: Any = getattr(model, 'head', None)
    if batch < 2:
        return None
    if isinstance(head, CrossCorrelationHead):
        return loss_floor(batch, head.in_channels, head.lambd), head.in_channels
    if not isinstance(head, CommonUniqueHead):
        return None
    floor = loss_floor(batch, head.common, head.alignment.lambd)
    steps = runner.train_dataloader.dataset.pipeline.transforms  # pyright: ignore
    if any(getattr(step, 'first', 1) == 2 for step in steps):
        heads = [twins.head for twins in model.modalities.values()]
        own = [loss_floor(batch, within.in_channels, within.lambd) for within in heads]
        floor += model.intra_weight * sum(own)
    return floor, head.in_channels
