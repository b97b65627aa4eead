"""The time of tasks that take turns, on a CPU or a GPU."""

import itertools
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import torch

Result = TypeVar('Result')
Task = Callable[[], object]
Clock = Callable[[], float]


def synchronize(device: str) -> None:
    if device != 'cpu':
        torch.cuda.synchronize()


def timed(
    task: Callable[[], Result],
    device: str = 'cpu',
    repeats: int = 1,
    clock: Clock = time.perf_counter,
) -> tuple[float, Result]:
    """Run a task `repeats` times until the device is done: the mean seconds and the last result."""
    synchronize(device)
    start = clock()
    for _ in range(repeats - 1):
        task()
    result = task()
    synchronize(device)
    return (clock() - start) / repeats, result


def medians(
    tasks: Mapping[str, Task | Sequence[Task]],
    rounds: int,
    device: str = 'cpu',
    *,
    repeats: int | None = 1,
    warm_up: int = 0,
    clock: Clock = time.perf_counter,
) -> dict[str, float]:
    """Seconds of each task: the median over rounds in which the tasks take turns, so that a
    machine that is busy is busy for all.

    Args:
        tasks: what is timed, by name. Tasks cut into parts, as many for each, take turns part by
            part, and the seconds of the parts are added up.
        rounds: how many count.
        device: 'cpu' or 'cuda'.
        repeats: runs in a turn. None takes as many as fill a fiftieth of a second, and begins the
            turn of a short task with a run that is not timed: caches and allocator are then as
            this task leaves them, and not as the one before it did.
        warm_up: rounds that come first and do not count.
        clock: `time.process_time` leaves out waiting and other processes.
    """
    parts = {name: [task] if callable(task) else task for name, task in tasks.items()}
    runs = {name: repeats or filling(task[0], device, clock) for name, task in parts.items()}
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(warm_up + rounds):
        seconds = dict.fromkeys(tasks, 0.0)
        for turn in zip(*parts.values(), strict=True):
            for name, task in zip(tasks, turn, strict=True):
                if repeats is None and runs[name] > 1:
                    task()
                seconds[name] += timed(task, device, runs[name], clock)[0]
        for name in tasks:
            times[name].append(seconds[name])
    return {name: statistics.median(values[warm_up:]) for name, values in times.items()}


def filling(task: Task, device: str, clock: Clock) -> int:
    """How many runs of a task fill a fiftieth of a second."""
    first, _ = timed(task, device, clock=clock)
    if first >= 1:
        return 1
    second, _ = timed(task, device, clock=clock)  # libraries were loaded in the first run
    return max(1, int(0.02 / second))


class Stopwatch:
    """Splits the time of a step into parts, by events on a GPU, which nobody waits for."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.marks: list[tuple[str, Any]] = []

    def mark(self, part: str) -> None:
        """Mark the end of `part`, or the start of the first one."""
        if self.device == 'cpu':
            now = time.perf_counter()
        else:
            now = torch.cuda.Event(enable_timing=True)
            now.record()
        self.marks.append((part, now))

    def seconds(self) -> dict[str, float]:
        """The seconds of each part."""
        synchronize(self.device)
        return {
            part: end - start if self.device == 'cpu' else start.elapsed_time(end) / 1e3
            for (_, start), (part, end) in itertools.pairwise(self.marks)
        }
