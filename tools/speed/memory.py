"""How much memory something takes at most, counted in the pages of the process."""

import ctypes
import gc
import os
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from mmbarlow.errors import InputError

M_MMAP_THRESHOLD = -3  # malloc.h of glibc


def peak(task: Callable[[], object]) -> int:
    """Bytes that this process holds at most during `task`, beyond what it held before (Linux)."""
    gc.collect()  # what is freed during the task must not hide what the task takes
    with suppress(AttributeError):  # nor what the allocator kept back; glibc alone gives it away
        ctypes.CDLL(None).malloc_trim(0)
    Path('/proc/self/clear_refs').write_text('5')  # the high-water mark starts anew
    before = _resident('VmRSS')
    task()
    return _resident('VmHWM') - before


def in_a_fork(task: Callable[[], int]) -> int:
    """What `task` returns in a copy of this process, which must have computed nothing yet.

    It shares what was imported, and starts with an allocator that no earlier task has used. Each
    tensor there has pages of its own, which go when it is freed: a heap keeps what it was given,
    and small tensors that come and go in its holes of many sizes look like one large one.

    Raises:
        InputError: the copy was stopped, as for want of memory.
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


def _resident(field: str) -> int:
    """Bytes of this process in memory: VmRSS now, VmHWM at most so far."""
    status = Path('/proc/self/status').read_text()
    return 1024 * next(int(line.split()[1]) for line in status.splitlines() if field in line)
