"""Work side by side, each item in a process of its own."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from multiprocessing import connection
from typing import Any, TypeVar

from mmbarlow import signals

T = TypeVar('T')


def side_by_side(work: Callable[[T], Any], items: Iterable[T], jobs: int) -> Iterator[tuple]:
    """Each item with what `work` returns for it, as they end; None where its process has died.

    The processes are new ones, so that neither memory nor threads are shared, and none outlives
    this one: when it is asked to leave they are asked too, and when it is killed they notice.

    Args:
        work: can be pickled, as what it returns.
        items: can be pickled; each is sent when its turn comes.
        jobs: number of items at a time.
    """
    context = multiprocessing.get_context('spawn')
    waiting, running = iter(items), {}
    try:
        while True:
            for item in islice(waiting, jobs - len(running)):
                ours, theirs = context.Pipe(duplex=False)
                process = context.Process(target=_work, args=(theirs, work, item))
                running[ours] = (item, process)
                process.start()
                theirs.close()  # so that the end of the process is the end of the pipe
            if not running:
                return
            ready = connection.wait(list(running))
            for pipe in [pipe for pipe in running if pipe in ready]:
                item, process = running.pop(pipe)
                try:
                    result = pipe.recv()
                except EOFError:
                    result = None
                process.join()
                yield item, result
    finally:
        started = [process for _, process in running.values() if process.pid]
        for process in started:
            process.terminate()
        for process in started:
            process.join()


def _work(pipe: connection.Connection, work: Callable, item: Any) -> None:
    multiprocessing.set_start_method(None, force=True)  # of its own children, as ever
    threading.Thread(target=_leave_with_the_parent, daemon=True).start()
    with signals.handled():
        try:
            pipe.send(work(item))
        except signals.Signaled as news:  # which the parent tells
            for worker in multiprocessing.active_children():
                worker.terminate()
            sys.exit(news.status)


def _leave_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
