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


def forget_old_values(runner: Runner) -> None:
    """Have the log keep only what it averages over.

    MMEngine keeps a million values of each kind, and copies all of them at every step.
    """
    if longest := _longest_window(runner):
        for name, buffer in runner.message_hub.log_scalars.items():
            if name.startswith('train/'):  # it averages over all of a validation
                buffer.max_length = longest


def state_of_log(runner: Runner) -> dict[str, Any]:
    """The values that the log still averages over, and what hooks have told each other."""
    hub, longest = runner.message_hub, _longest_window(runner)
    log = {
        name: [torch.tensor(values[-longest:]) for values in buffer.data]
        for name, buffer in hub.log_scalars.items()
    }
    told = {k: v.item() if isinstance(v, generic) else v for k, v in hub.runtime_info.items()}
    told = {k: v for k, v in told.items() if is_plain(v) and not OWN.search(k)}
    return dict(log=log, told=told)


def _longest_window(runner: Runner) -> int:
    """Steps over which the log averages at most; 0 for all."""
    processor = runner.log_processor
    windows = [processor.window_size, *(c.get('window_size') for c in processor.custom_cfg)]
    longest = max([n for n in windows if isinstance(n, int)])
    if 'epoch' in windows:
        longest = max(longest, len(runner.train_dataloader))
    return 0 if 'global' in windows else longest
