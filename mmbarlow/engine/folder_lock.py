"""One process at a time writes to a folder."""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from mmbarlow.errors import InputError
from mmbarlow.launch import on_first

try:
    import fcntl
except ImportError:  # Windows has no flock
    fcntl = None

LOCK = '.lock'

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
    knows no locks, nothing is locked.

    Raises:
        InputError: another process has it, or nothing can be written there.
    """
    path = Path(work_dir) / LOCK
    new = [p for p in path.parents if not p.exists()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = _take(path)
    except OSError as error:
        raise InputError(f'cannot write to {work_dir}: {error.strerror}.') from error
    _held.append(descriptor)
    os.truncate(descriptor, 0)
    os.write(descriptor, f'process {os.getpid()} on {socket.gethostname()}'.encode())
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        _held.remove(descriptor)
        os.close(descriptor)
        for folder in new:
            with suppress(OSError):  # it is not empty
                folder.rmdir()


def _take(path: Path) -> int:
    """A locked descriptor of `path`, which is still the file of that name."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if fcntl:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = os.read(descriptor, 200).decode(errors='replace') or 'another process'
            os.close(descriptor)
            raise InputError(
                f'{who} is training in {path.parent}: wait until it ends, or give another '
                '--work-dir.'
            ) from None
        except OSError:
            return descriptor  # no locks here
        with suppress(OSError):  # it was removed by the process that had it
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        os.close(descriptor)
