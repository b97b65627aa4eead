"""Minutes that pass for all processes at the same step."""

import time
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist

from mmbarlow.loss.distributed import world_size

STEPS = 10  # between two looks at the clock of the first process


class SharedClock:
    """Whether a time has passed, as the clock of the first process says.

    What it says travels between two looks, by the CPU: no step waits for it, nor for the device.
    Its clock is that of the machine's running, which nobody sets.

    Args:
        minutes: the time. All processes make the object at the same point.
    """

    def __init__(self, minutes: float) -> None:
        self.seconds, self.calls = 60 * minutes, 0
        self.work, self.answer = None, torch.zeros(1, dtype=torch.uint8)
        several = world_size() > 1
        self.group: Any = (
            dist.new_group(backend='gloo', timeout=timedelta(days=7)) if several else None
        )
        self.restart()

    def restart(self) -> None:
        """Count from now on; all processes do at the same step."""
        self.start, self.outdated = time.monotonic(), True

    def has_passed(self) -> bool:
        """The same in all processes, which ask after the same steps."""
        over = time.monotonic() - self.start >= self.seconds
        if self.group is None:
            return over
        self.calls += 1
        if self.calls % STEPS:
            return False
        self.finish()
        said = bool(self.answer) and not self.outdated
        self.answer, self.outdated = torch.tensor([over], dtype=torch.uint8), False
        self.work = dist.broadcast(self.answer, src=0, group=self.group, async_op=True)
        return said

    def finish(self) -> None:
        """Take up what is on its way."""
        if self.work:
            self.work.wait()
            self.work = None
