"""Batches that travel to the GPU while it computes."""

from collections.abc import Iterator
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop
from torch import Tensor

from mmbarlow.registry import HOOKS


class Prefetcher:
    """A loader whose batches have their `inputs` on `device`, copied on a stream of their own.

    The host runs ahead of the GPU, so the copy is asked for while the step before is computed; on
    the stream of that step it would have to wait until it is done. Everything else of the loader
    is as it was.
    """

    def __init__(self, loader: Any, device: torch.device) -> None:
        self.loader = loader
        self.device = device

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loader, name)

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self) -> Iterator[Any]:
        stream = torch.cuda.Stream(self.device)
        for batch in self.loader:
            with torch.cuda.stream(stream):
                inputs = moved(batch['inputs'], self.device)
            step = torch.cuda.current_stream(self.device)
            step.wait_stream(stream)
            for tensor in [inputs] if isinstance(inputs, Tensor) else inputs:
                tensor.record_stream(step)  # its memory is free for a copy when the step is done
            yield {**batch, 'inputs': inputs}


def moved(inputs: Any, device: torch.device) -> Any:
    """A tensor, or a list of them such as the two views, on `device`."""
    if isinstance(inputs, Tensor):
        return inputs.to(device, non_blocking=True)
    return [moved(tensor, device) for tensor in inputs]


@HOOKS.register_module()
class PrefetchHook(Hook):
    """Gives a training on a GPU a `Prefetcher`; where there is none it does nothing.

    For trainings that count epochs, from a loader with pin_memory=True: what is not pinned is
    copied while the host waits.
    """

    def before_train(self, runner) -> None:
        loop = runner.train_loop
        device = next(runner.model.parameters()).device
        if device.type == 'cuda' and isinstance(loop, EpochBasedTrainLoop):
            loop.dataloader = Prefetcher(loop.dataloader, device)
