"""An optimizer whose learning rates are tensors on the device."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from mmbarlow.datasets.batch_plan import send


class TensorRates:
    """The rates of an optimizer's groups as tensors, fp32, that never move.

    Schedules reckon with the numbers in the groups in float64, so that these stay there; the
    tensors take their place while a step is made.
    """

    def __init__(self, optimizer: Optimizer, device: torch.device) -> None:
        self.optimizer = optimizer
        self.values = torch.zeros(len(optimizer.param_groups), device=device)
        self.tensors: list[Tensor] = list(self.values.unbind())
        self.sent: list[float] = []

    def send(self) -> None:
        """Give the tensors the rates of now, without waiting."""
        rates = [float(group['lr']) for group in self.optimizer.param_groups]
        if rates != self.sent:
            array = np.array(rates, np.float32)
            self.values.copy_(send(array, self.values), non_blocking=True)
            self.sent = rates

    @contextmanager
    def used(self) -> Iterator[None]:
        groups = self.optimizer.param_groups
        rates = [group['lr'] for group in groups]
        for group, tensor in zip(groups, self.tensors, strict=True):
            group['lr'] = tensor
        try:
            yield
        finally:
            for group, rate in zip(groups, rates, strict=True):
                group['lr'] = rate


def takes_tensors(optimizer: Optimizer) -> bool:
    """Whether it can step without a look at a tensor on a GPU."""
    options: Any = optimizer.param_groups[0]
    return (
        type(optimizer).__name__ == 'LARS'
        and hasattr(optimizer, '_step_together')
        or bool({'fused', 'capturable'} & options.keys())
    )


def use_fused(optimizer: Optimizer, device: torch.device) -> None:
    """Have torch's own optimizers take rates and a mask as tensors, and count steps on the device.

    With `fused` they do what they do without, in one kernel; it is set here and not in the config,
    which would not run on a CPU and a GPU alike.
    """
    for group in optimizer.param_groups:
        if 'fused' in group:
            group.update(fused=True, foreach=False)
            optimizer._step_supports_amp_scaling = True  # pyright: ignore
            optimizer._need_device_dtype_check_for_fused = True  # pyright: ignore
        if 'capturable' in group:
            group['capturable'] = True
    for state in optimizer.state.values():
        if isinstance(state.get('step'), Tensor):
            state['step'] = state['step'].to(device)
