"""One process at a time writes to a folder."""

import ctypes
import os
import re
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from mmbarlow.errors import InputError
from mmbarlow.files import remove_leftovers
from mmbarlow.launch import on_first

try:
    import fcntl
except ImportError:  # Windows has no flock
    fcntl = None

LOCK = '.lock'
OWNER = re.compile(r'process (\d+) on (\S+)')
WAIT = 'wait until it ends, or give another --work-dir.'
SYNCHRONIZE, WAIT_TIMEOUT = 0x00100000, 0x102  # of the Windows API: a right, and an answer
ROOM = 2**16  # bytes: the logs of a start need as much

_held: list[int] = []  # descriptors, which workers of data loaders must not keep open
if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=lambda: [os.close(_held.pop()) for _ in list(_held)])


@contextmanager
def owned(work_dir: str | Path) -> Iterator[None]:
    """`locked`, by the first of several processes."""
    with ExitStack() as stack:
        on_first(lambda: stack.enter_context(locked(work_dir)))
        yield


def clear(work_dir: str | Path) -> None:
    """Remove a folder with all that is in it.

    Raises:
        InputError: another process trains there.
    """
    if Path(work_dir).exists():
        with locked(work_dir):
            shutil.rmtree(work_dir, ignore_errors=True)


@contextmanager
def locked(work_dir: str | Path) -> Iterator[None]:
    """Have the folder, which is made if need be, to this process, which writes there.

    The system gives the lock back when the process ends, however it does. Where the file system
    knows no locks, the file itself is one: it names its owner, and that of a process of this
    machine that has ended counts no more.

    Raises:
        InputError: another process has it, or nothing can be written there.
    """
    path = Path(work_dir) / LOCK
    new = [p for p in path.parents if not p.exists()]
    with ExitStack() as undo:
        try:
            undo.callback(_remove_empty, new)
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = _take(path)
            undo.callback(_give_back, path, descriptor)
            _held.append(descriptor)
            _sign(descriptor)
            remove_leftovers(path.parent)
        except OSError as error:
            raise InputError(f'cannot write to {work_dir}: {error.strerror}.') from error
        yield


def _give_back(path: Path, descriptor: int) -> None:
    _held.remove(descriptor)
    if os.name == 'nt':  # an open file cannot be removed there
        os.close(descriptor)
    with suppress(OSError):  # the folder is gone, or read-only by now
        path.unlink()
    if os.name != 'nt':  # nobody else may lock what is about to be removed
        os.close(descriptor)


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        with suppress(OSError):  # it is not empty
            folder.rmdir()


def _sign(descriptor: int) -> None:
    """Write who has the lock, once there is room for what a start writes first."""
    os.ftruncate(descriptor, 0)
    left = ROOM
    while left:  # the last bytes of a disk are written without an error
        left -= os.write(descriptor, bytes(left))
    os.fsync(descriptor)
    os.ftruncate(descriptor, 0)
    since = time.strftime('%Y-%m-%d %H:%M:%S')
    owner = f'process {os.getpid()} on {socket.gethostname()} (since {since})'
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, f'{owner}\n{_start_of(os.getpid())}'.encode())


def _take(path: Path) -> int:
    """A locked descriptor of `path`, which is still the file of that name."""
    while True:
        new = not path.exists()
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL * new, 0o644)
        except FileExistsError:  # by now
            continue
        who, _, start = os.read(descriptor, 200).decode(errors='replace').partition('\n')
        problem = None
        try:
            if not fcntl:
                raise OSError
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            problem = f'{who or "another process"} is training in {path.parent}: {WAIT}'
        except OSError:  # no locks here
            problem = None if new else _claim(path, who, start)
        if problem:
            os.close(descriptor)
            raise InputError(problem)
        with suppress(OSError):  # it was removed by the process that had it
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        os.close(descriptor)


def _claim(path: Path, who: str, start: str) -> str | None:
    """Why the folder belongs to the process that the file of its lock names, if it does."""
    owner = OWNER.match(who)
    if owner and owner[2] != socket.gethostname():
        return (
            f'{who} is training in {path.parent}, or was killed there, and this file system has '
            f'no locks that would tell: if it has ended, remove {path}.'
        )
    if owner and _start_of(int(owner[1])) == start:
        return f'{who} is training in {path.parent}: {WAIT}'
    return None


def _start_of(process: int) -> str:
    """When a process started, in the system's own count; empty if it has ended."""
    if os.name == 'nt':  # os.kill would end it
        return 'running' if _runs_on_windows(process) else ''
    try:
        with suppress(PermissionError):  # it is another user's
            os.kill(process, 0)
        stat = Path(f'/proc/{process}/stat')
        return stat.read_text().rpartition(')')[2].split()[19] if stat.exists() else 'running'
    except OSError:
        return ''


def _runs_on_windows(process: int) -> bool:
    kernel: Any = ctypes.windll.kernel32  # pyright: ignore[reportAttributeAccessIssue]
    handle = kernel.OpenProcess(SYNCHRONIZE, False, process)
    try:
        return bool(handle) and kernel.WaitForSingleObject(handle, 0) == WAIT_TIMEOUT
    finally:
        kernel.CloseHandle(handle)
