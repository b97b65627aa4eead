"""What the log averages over and what hooks have told each other, as plain values."""

import re
from typing import Any

import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner import Runner
from numpy import generic

from mmbarlow.checkpoints import is_plain

OWN = re.compile('^cfg$|ckpt|^best_')  # what each start tells anew, and CheckpointHook keeps


def resume_log(runner: Runner, saved: dict[str, Any]) -> None:
    """Give the log its moving averages, and the hooks what they have told each other."""
    hub = runner.message_hub
    for name, (values, counts) in saved['log'].items():
        hub.log_scalars[name] = HistoryBuffer(values.numpy(), counts.numpy())
    for name, value in saved['told'].items():
        if name not in hub.runtime_info:
            hub.update_info(name, value)


def state_of_log(runner: Runner) -> dict[str, Any]:
    """The values that the log still averages over, and what hooks have told each other."""
    hub, processor = runner.message_hub, runner.log_processor
    windows = [processor.window_size, *(c.get('window_size') for c in processor.custom_cfg)]
    longest = max([n for n in windows if isinstance(n, int)])
    if 'epoch' in windows:
        longest = max(longest, len(runner.train_dataloader))
    start = 0 if 'global' in windows else -longest
    log = {
        name: [torch.tensor(values[start:]) for values in buffer.data]
        for name, buffer in hub.log_scalars.items()
    }
    told = {k: v.item() if isinstance(v, generic) else v for k, v in hub.runtime_info.items()}
    told = {k: v for k, v in told.items() if is_plain(v) and not OWN.search(k)}
    return dict(log=log, told=told)
