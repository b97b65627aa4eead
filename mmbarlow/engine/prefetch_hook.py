"""Batches that are copied to the GPU while it computes."""

from collections.abc import Iterator
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop
from torch import Tensor

from mmbarlow.registry import HOOKS


class Prefetcher:
    """A loader whose batches have their `inputs` on `device`, copied on their own stream.

    The host runs ahead of the GPU, so it requests the copy while the GPU still computes the step
    before; on the stream of that step the copy would have to wait for its end. Every other
    attribute is the loader's.
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
            single = isinstance(batch['inputs'], Tensor)  # otherwise a list, as of the two views
            inputs = [batch['inputs']] if single else batch['inputs']
            with torch.cuda.stream(stream):
                inputs = [tensor.to(self.device, non_blocking=True) for tensor in inputs]
            step = torch.cuda.current_stream(self.device)
            step.wait_stream(stream)
            for tensor in inputs:
                tensor.record_stream(step)  # its memory may be reused after the step
            yield {**batch, 'inputs': inputs[0] if single else inputs}


@HOOKS.register_module()
class PrefetchHook(Hook):
    """Gives a training run on a GPU a `Prefetcher`; on a CPU it does nothing.

    For runs that count epochs, from a loader with pin_memory=True: the host has to wait for the
    copy of memory that is not pinned.
    """

    def before_train(self, runner) -> None:
        loop = runner.train_loop
        device = next(runner.model.parameters()).device
        if device.type == 'cuda' and isinstance(loop, EpochBasedTrainLoop):
            loop.dataloader = Prefetcher(loop.dataloader, device)
