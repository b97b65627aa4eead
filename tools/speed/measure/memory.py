"""How much memory a task takes at most: pages of the process on a CPU, tensors on a GPU."""

import ctypes
import gc
import os
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import torch

from mmbarlow.errors import InputError

Task = Callable[[], object]
M_MMAP_THRESHOLD = -3  # malloc.h of glibc
# Memory is counted in pages, and Linux adds them up in batches for each core: a task of less than
# this can fit in what was held before it, and reads as nothing.
MEASURABLE = 2**20


def peak(task: Task, device: str = 'cpu') -> int:
    """Bytes that are held at most during `task`, beyond what was held before it (Linux)."""
    gc.collect()  # what is freed during the task must not hide what the task takes
    if device != 'cpu':
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        task()
        return torch.cuda.max_memory_allocated() - before
    with suppress(AttributeError):  # nor what the allocator kept back; glibc alone gives it away
        ctypes.CDLL(None).malloc_trim(0)
    Path('/proc/self/clear_refs').write_text('5')  # the high-water mark starts anew
    before = bytes_of('status', 'VmRSS')
    task()
    return bytes_of('status', 'VmHWM') - before


def ratio(peak_bytes: float, to: float) -> float | None:
    """How many times `to` the first peak is; None where either is too little to be measured."""
    return peak_bytes / to if min(peak_bytes, to) >= MEASURABLE else None


def peak_apart(prepare: Callable[[], Task], device: str) -> int:
    """The `peak` of the task that `prepare` returns; on a CPU both run in a fork.

    A GPU counts by itself, and would not survive the fork.
    """

    def measured() -> int:
        return peak(prepare(), device)

    return in_a_fork(measured) if device == 'cpu' else measured()


def in_a_fork(task: Callable[[], int]) -> int:
    """What `task` returns in a copy of this process, which must have computed nothing yet.

    The copy shares what was imported, and its allocator was used by no earlier task. Each tensor
    there has pages of its own, which go when it is freed: a heap keeps what it was given, and
    small tensors that come and go in its holes of many sizes look like one large one.

    Raises:
        InputError: the copy was stopped, for example because memory ran out.
    """
    end, start = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        with suppress(AttributeError):  # glibc alone has it
            ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, 2**16)
        try:
            os.write(start, str(task()).encode())
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(start)
    with os.fdopen(end) as pipe:
        answer = pipe.read()
    if os.waitpid(child, 0)[1] != 0:
        raise InputError('a process that measured memory was stopped: is there enough of it?')
    return int(answer)


def bytes_of(file: str, field: str) -> int:
    """The sum of the lines of /proc/self/`file` that begin with `field`.

    In `status`, VmRSS is what is in memory now and VmHWM the most so far; in `smaps_rollup`,
    Private_ is what this process shares with no other.
    """
    lines = Path('/proc/self', file).read_text().splitlines()
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith(field))
