"""Time and memory of tasks that take turns, on a GPU or a CPU."""

import statistics
import time
from collections.abc import Callable, Mapping

import torch

from mmbarlow import memory

Task = Callable[[], object]


def synchronize(device: str) -> None:
    if device != 'cpu':
        torch.cuda.synchronize()


def medians(tasks: Mapping[str, Task], rounds: int, repeats: int, device: str) -> dict[str, float]:
    """Seconds of each task: the median over rounds in which each is run `repeats` times in turn,
    so that a machine that is busy is busy for all. Each has run before."""
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            synchronize(device)
            start = time.perf_counter()
            for _ in range(repeats):
                task()
            synchronize(device)
            times[name].append((time.perf_counter() - start) / repeats)
    return {name: statistics.median(seconds) for name, seconds in times.items()}


def peak(task: Task, device: str) -> int:
    """Bytes that are held at most during a task, beyond what was held before it."""
    if device == 'cpu':
        return memory.peak(task)
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    task()
    return torch.cuda.max_memory_allocated() - before


def matrix_rate(device: str, dtype: torch.dtype) -> float:
    """Operations a second of one large product of matrices."""
    side = 512 if device == 'cpu' else 8192
    a, b = (torch.randn(side, side, device=device).to(dtype) for _ in 'ab')
    product = torch.empty_like(a)
    torch.mm(a, b, out=product)
    seconds = medians({'mm': lambda: torch.mm(a, b, out=product)}, 5, 3, device)['mm']
    return 2 * side**3 / seconds


class Clock:
    """Splits the time of a step into parts, by events on a GPU, which nobody waits for."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.marks: list[tuple[str, float | torch.cuda.Event]] = []

    def mark(self, part: str) -> None:
        """The end of `part`, or the start of the first one."""
        if self.device == 'cpu':
            self.marks.append((part, time.perf_counter()))
            return
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        self.marks.append((part, event))

    def seconds(self) -> dict[str, float]:
        """Of each part."""
        synchronize(self.device)
        pairs = zip(self.marks, self.marks[1:], strict=False)
        return {part: elapsed(start, end) for (_, start), (part, end) in pairs}


def elapsed(start: float | torch.cuda.Event, end: float | torch.cuda.Event) -> float:
    if isinstance(start, torch.cuda.Event):
        assert isinstance(end, torch.cuda.Event)
        return start.elapsed_time(end) / 1e3
    assert not isinstance(end, torch.cuda.Event)
    return end - start
