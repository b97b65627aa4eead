"""Training in pieces of a given number of minutes."""

import itertools
import time

from mmengine.hooks import CheckpointHook, Hook

from mmbarlow.errors import Unfinished
from mmbarlow.launch import on_first
from mmbarlow.registry import HOOKS


@HOOKS.register_module()
class TimeLimitHook(Hook):
    """Ends the run after the last epoch that fits, with a checkpoint to resume from.

    An epoch fits if the longest one so far, with its validation, would still fit. The first one
    always does, so that every piece gets further. For runs that count epochs.

    Args:
        minutes: wall time, counted from when the hook is built.

    Raises:
        Unfinished: before the first epoch that does not fit.
    """

    priority = 'LOW'  # before CheckpointHook

    def __init__(self, minutes: float) -> None:
        self.end = time.perf_counter() + 60 * minutes
        self.starts: list[float] = []  # of the epochs
        self.over = False

    def before_train_epoch(self, runner) -> None:
        if self.over:
            raise Unfinished(
                f'{runner.epoch} of {runner.max_epochs} epochs are done, and the next one does not '
                'fit into --minutes: the same command with --resume continues.'
            )
        self.starts.append(time.perf_counter())

    def after_train_epoch(self, runner) -> None:
        now = time.perf_counter()
        longest = max(b - a for a, b in itertools.pairwise([*self.starts, now]))
        # Clocks differ, and all processes have to stop at the same epoch.
        self.over = on_first(lambda: now + longest > self.end)
        if self.over:
            for hook in runner.hooks:
                if isinstance(hook, CheckpointHook):
                    hook.interval = 1  # so that it writes this epoch's and deletes an older one
