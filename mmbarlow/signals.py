"""Signals: a tool leaves at once, a training at the end of its step."""

import functools
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

# The first three ask to leave; Slurm warns with the others before it takes the machine away.
SIGNALS = [
    getattr(signal, name)
    for name in ('SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2')
    if hasattr(signal, name)  # Windows has the first two
]
WARNINGS = SIGNALS[3:]

PATIENCE = 10.0  # seconds after which SIGTERM is a second request, and no echo of a launcher
LAST_STEP = 60  # seconds that a worker of a loader lives on after SIGTERM
LOST = 'what was not written yet is lost'


class Signaled(KeyboardInterrupt):
    """A signal ends the tool; the message is a sentence, and the exit status 128 + its number.

    No subclass of Exception: a handler raises it anywhere, and code in between may catch those.

    Args:
        signum: number of the signal.
        news: what is saved and how to go on.
        together: whether all processes leave at this point.
    """

    def __init__(self, signum: int, news: str, together: bool = False) -> None:
        super().__init__(f'{signal.Signals(signum).name}: {news}.')
        self.status = 128 + signum
        self.together = together


class _State:
    deferred = False  # whether signals wait for someone to ask for `pending`
    lost = LOST
    seen: dict[int, float] = {}  # noqa: RUF012 (when each signal came first)


@contextmanager
def handled() -> Iterator[None]:
    """Have signals raise `Signaled`, or wait to be asked for where `defer` was called.

    Signals that are ignored, as under nohup, stay so, and handlers of other code stay in place.
    """
    own = threading.current_thread() is threading.main_thread()
    defaults = (signal.SIG_DFL, signal.default_int_handler)
    before = {s: signal.getsignal(s) for s in SIGNALS} if own else {}
    before = {s: handler for s, handler in before.items() if handler in defaults}
    for signum in before:
        signal.signal(signum, _handle)
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
        defer(False)
        _State.seen.clear()


def defer(deferred: bool = True, lost: str = LOST) -> None:
    """From now on, signals wait to be asked for, or else end the process at once.

    Args:
        deferred: which of the two.
        lost: what the sentence says of a process that leaves at once.
    """
    _State.deferred, _State.lost = deferred, lost


def pending() -> int:
    """Number of the first signal that waits, or 0."""
    return next(iter(_State.seen), 0)


def _handle(signum: int, _frame: Any) -> None:
    now = time.monotonic()
    after = now - _State.seen.setdefault(signum, now)
    # torchrun passes on what its processes may have got themselves.
    echo = 0.5 if 'TORCHELASTIC_RUN_ID' in os.environ else 0.0
    again = (
        signum == signal.SIGINT and after > echo or signum == signal.SIGTERM and after > PATIENCE
    )
    if again or not _State.deferred:
        raise Signaled(signum, f'left at once; {_State.lost}')
    if after == 0 and len(_State.seen) == 1 and os.environ.get('RANK', '0') == '0':
        told = f'{signal.Signals(signum).name}: leaving at the end of the step, with a checkpoint'
        told += '; once more to leave at once' * (signum == signal.SIGINT)
        with suppress(OSError):  # the terminal may be gone
            os.write(2, f'{told}\n'.encode())  # print may have been interrupted itself


def _as_before_in_a_child() -> None:
    """A pool must end at SIGTERM; Slurm sends its warnings to all processes of a job."""
    for signum in SIGNALS:
        if signal.getsignal(signum) is _handle:
            ends = signal.default_int_handler if signum == signal.SIGINT else signal.SIG_DFL
            signal.signal(signum, signal.SIG_IGN if signum in WARNINGS else ends)


if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_as_before_in_a_child)


def shield_workers(loader: Any) -> None:
    """Have the workers of a loader serve the step in progress after a signal to all processes."""
    loader.worker_init_fn = functools.partial(_begin_worker, loader.worker_init_fn)


def _begin_worker(begin: Any, worker: int) -> None:
    for signum in SIGNALS[1:]:
        signal.signal(signum, signal.SIG_IGN)
    if hasattr(signal, 'sigwaitinfo'):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        threading.Thread(target=_outlive_others, daemon=True).start()
    if begin:
        begin(worker)


def _outlive_others() -> None:
    """End at once when the parent ends its workers, but not when others end the whole group."""
    info = signal.sigwaitinfo({signal.SIGTERM})
    while info and info.si_pid != os.getppid():
        info = signal.sigtimedwait({signal.SIGTERM}, LAST_STEP)
    os._exit(0)
