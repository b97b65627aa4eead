"""The order in which processes add up their gradients, the same in each start of a run."""

from typing import Any

from torch import nn
from torch.nn.parallel import DistributedDataParallel


def settle_buckets(model: nn.Module) -> None:
    """Have DDP arrange its buckets before the first step, by the order of the parameters.

    DDP adds up gradients in buckets, and arranges them anew after its first step. With more than
    two processes the place in a bucket decides the order of a sum and so its rounding: the first
    step after a resume would differ from that of the uninterrupted run. All processes must call it.
    """
    if not isinstance(model, DistributedDataParallel):
        return
    module: Any = model.module
    parameters = [p for p in module.parameters() if p.requires_grad]
    module.forward = lambda: 0 * sum(p.sum() for p in parameters)
    try:
        model().backward()  # the hooks of DDP see in which order gradients come
    finally:
        del module.forward
    model.zero_grad(set_to_none=True)
