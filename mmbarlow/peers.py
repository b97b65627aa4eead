"""Several processes watch each other: one that dies or is stopped ends all, with a sentence.

Each keeps a connection to the process of the next rank, on which it sends a beat every second, from
a thread of its own: a process that computes, or reads files for hours, goes on beating.
"""

import atexit
import multiprocessing
import os
import secrets
import select
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import torch.distributed as dist

BEAT, GOODBYE, NEWS = b'.', b'q', b'x'  # after NEWS comes an exit status: all leave with that one
LEFT = 75  # exit status of a process that leaves since another one is lost
STOPPED = 20  # beats that a process may miss which the system calls stopped
SILENT = 45  # and one on another machine
GRACE = 5.0  # seconds for a process to leave by itself, with an error of its own, after NEWS
LAUNCHER = 'MMBARLOW_LAUNCHER'


class _Watch(threading.Thread):
    def __init__(self) -> None:
        super().__init__(name='mmbarlow-peers', daemon=True)
        self.before: socket.socket | None = None  # from the process of the rank before
        self.after: socket.socket | None = None
        self.about: dict[str, Any] = {}  # of the process before
        self.launcher = int(os.environ.get(LAUNCHER, os.getppid()))
        self.launched = 'TORCHELASTIC_RUN_ID' in os.environ
        self.ending = threading.Event()
        self.over = False

    def join_ring(self, group: dist.ProcessGroup | None) -> None:
        """Connect to the processes of the ranks before and after; all processes call this."""
        rank, size = dist.get_rank(), dist.get_world_size()
        address, family = _own_address()
        token = secrets.token_bytes(16)  # what else connects to the port does not know it
        with socket.create_server((address, 0), family=family) as server:
            server.settimeout(30)
            mine = dict(address=server.getsockname()[:2], token=token, rank=rank, size=size)
            mine |= dict(host=socket.gethostname(), pid=os.getpid())
            all_of_them: list[Any] = [None] * size
            dist.all_gather_object(all_of_them, mine, group=group)
            after, self.about = all_of_them[(rank + 1) % size], all_of_them[rank - 1]
            with suppress(OSError):  # no way from machine to machine: then that one is not watched
                self.after = socket.create_connection(after['address'], timeout=30)
                self.after.sendall(after['token'])
                self.after.setblocking(False)
            with suppress(OSError):
                while self.before is None:
                    other, _ = server.accept()
                    other.settimeout(5)
                    if other.recv(16, socket.MSG_WAITALL) == token:
                        self.before = other

    def run(self) -> None:
        silent, due = 0, time.monotonic()
        while not self.over:
            wait = due - time.monotonic()
            if wait <= 0:
                self.tell(BEAT)
                self.look_for_launcher()
                silent, due = silent + 1, time.monotonic() + 1
                if self.before and silent >= STOPPED and self.is_stopped(silent):
                    self.lose(
                        f'has been silent for {silent} s (PID {self.about["pid"]} on '
                        f'{self.about["host"]}), as one that is stopped; end it with kill -9'
                    )
            elif not self.before:
                time.sleep(wait)
            elif select.select([self.before], [], [], wait)[0]:
                silent = 0
                self.listen(self.before)

    def listen(self, before: socket.socket) -> None:
        try:
            heard = before.recv(4096)
        except OSError:
            heard = b''
        news = heard.partition(NEWS)[2]
        if news:
            self.leave(news[0])
        elif GOODBYE in heard:
            self.before = None
        elif not heard and not self.over:
            self.lose('has died, perhaps killed for lack of memory')

    def is_stopped(self, silent: int) -> bool:
        """Whether the silent process is stopped; one that the system calls busy is not."""
        if self.about['host'] == socket.gethostname():
            with suppress(OSError):
                stat = Path(f'/proc/{self.about["pid"]}/stat').read_text()
                return stat.rpartition(')')[2].split()[0] == 'T'
        return silent >= SILENT

    def look_for_launcher(self) -> None:
        if self.launched and os.getppid() != self.launcher:
            self.launched = False
            print('the launcher is gone', file=sys.stderr, flush=True)
            os.kill(os.getpid(), signal.SIGTERM)

    def tell(self, message: bytes) -> None:
        with suppress(OSError, AttributeError):  # it may be the next one that is lost
            self.after.sendall(message)  # pyright: ignore[reportOptionalMemberAccess]

    def lose(self, how: str) -> None:
        self.ending.set()
        self.tell(NEWS + bytes([LEFT]))
        with suppress(OSError):
            print(
                f'error: process {self.about["rank"]} of {self.about["size"]} {how}. The others '
                'have left; a training continues from its last checkpoint with --resume.',
                file=sys.stderr,
                flush=True,
            )
        end_process(LEFT)

    def leave(self, status: int) -> None:
        self.ending.set()
        self.tell(NEWS + bytes([status]))
        time.sleep(GRACE)
        end_process(status)


_watches: list[_Watch] = []  # none or one


def _own_address() -> tuple[str, socket.AddressFamily]:
    """The address of this machine that the others reach, as it reaches the first of them."""
    where = os.environ.get('MASTER_ADDR', '127.0.0.1'), os.environ.get('MASTER_PORT', '29500')
    with suppress(OSError):
        family, *_, address = socket.getaddrinfo(*where, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect(address)  # sends nothing
            return probe.getsockname()[0], family
    return '127.0.0.1', socket.AF_INET


def _let_go() -> None:
    """A worker of a data loader must not keep the connections of a dead process open."""
    for watch_ in _watches:
        for side in (watch_.before, watch_.after):
            if side:
                side.close()
    _watches.clear()


if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_let_go)


def watch_peers(group: dist.ProcessGroup | None) -> None:
    """Begin to watch the others and the launcher; all processes call this.

    Args:
        group: of all processes, on the CPU.
    """
    if _watches:
        return
    _watches.append(_Watch())
    if dist.get_world_size() > 1:
        _watches[0].join_ring(group)
    _watches[0].start()
    atexit.register(part)


def part(status: int = 0) -> None:
    """Leave the others in peace; with another status than 0 they leave with it too."""
    for watch_ in _watches:
        watch_.over = True
        watch_.tell(NEWS + bytes([status]) if status else GOODBYE)
    _watches.clear()


def end_process(status: int) -> NoReturn:
    """Without the end of the interpreter; the main thread may wait in a collective for ever."""
    for child in multiprocessing.active_children():
        child.kill()
    os._exit(status)


def await_end(seconds: float = 3.0) -> None:
    """After an error that a lost process may be the cause of: does not return if it is."""
    for watch_ in _watches:
        if watch_.ending.wait(seconds):
            time.sleep(10 * GRACE)
