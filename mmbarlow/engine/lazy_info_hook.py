"""Logging that waits for the device only when a line of the log is written."""

from typing import Any

import numpy as np
import torch
from mmengine.hooks import RuntimeInfoHook
from mmengine.logging import HistoryBuffer, MessageHub
from numpy.typing import NDArray
from torch import Tensor

from mmbarlow.registry import HOOKS

MOST = 1000  # values that wait where nothing ever reads them


def _settled(name: str) -> property:
    """An attribute kept under another name, into which all waiting values go before it is read."""

    def read(buffer: 'LazyBuffer') -> NDArray:
        buffer._read()
        return getattr(buffer, name)

    return property(read, lambda buffer, values: setattr(buffer, name, values))


class LazyBuffer(HistoryBuffer):
    """A history of scalars that stay on their device until somebody looks at them.

    Every reader of MMEngine's (the log, checkpoints, other hooks) finds the numbers that a
    `HistoryBuffer` would hold; all that were added since the last look are copied together.
    """

    _log_history = _settled('_values')  # all of HistoryBuffer's methods read these two names
    _count_history = _settled('_counts')

    def __init__(self, *history) -> None:
        self._waiting: list[Tensor] = []
        super().__init__(*history)

    def update(self, log_val: Tensor, count: int = 1) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Add a tensor of one number, of any shape."""
        assert count == 1, 'each value must be of one step'
        self._waiting.append(log_val.detach().reshape(()))
        if len(self._waiting) == MOST:
            self._read()

    def _read(self) -> None:
        if self._waiting:
            values = torch.stack(self._waiting).tolist()
            self._waiting = []
            self._values = np.append(self._values, values)[-self.max_length :]
            self._counts = np.append(self._counts, np.ones(len(values), int))[-self.max_length :]

    def __reduce__(self):
        """Copies and checkpoints hold MMEngine's own class, which needs no mmbarlow to be read."""
        return HistoryBuffer, (self._log_history, self._count_history, self.max_length)


@HOOKS.register_module()
class LazyInfoHook(RuntimeInfoHook):
    """MMEngine's RuntimeInfoHook, whose log values wait on the device until they are read.

    MMEngine's hook calls `.item()` on every logged value after every step: the host waits until the
    GPU has finished, and the GPU then waits until the host has sent the next step.
    """

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        for name, value in (outputs or {}).items():
            log_lazily(runner.message_hub, f'train/{name}', value)


def log_lazily(hub: MessageHub, key: str, value: Any) -> None:
    """Add a number to the log; one on a device stays there until it is read."""
    buffer = hub.log_scalars.get(key)
    if isinstance(buffer, LazyBuffer):
        buffer.update(value)
        return
    hub.update_scalar(key, value)  # once, to tell the hub of the key
    if isinstance(value, Tensor):
        hub.log_scalars[key] = LazyBuffer(*hub.log_scalars[key].data)
