"""Read image files as `verify_images.py` and as training do, in a process that may die."""

import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mmbarlow.datasets.image_checks import check_image
from mmbarlow.datasets.plain_views import CenterView
from mmbarlow.datasets.sample_random import Key, SampleIndex
from mmbarlow.datasets.twin_views import TwinViews
from mmbarlow.errors import BrokenImage

PATIENCE = 120  # seconds for a file and all its readers, in which they wait or compute
TURNED = dict(rotate=30.0)


@dataclass(frozen=True)
class Answer:
    """What became of a file: the reason of each reader why it is broken, '' where it is good."""

    name: str
    reasons: tuple[str, ...] = ()  # of `READERS`
    megabytes: float = 0.0  # that the process grew by at most
    fault: str = ''  # 'crash', 'hang', or an error that is no BrokenImage


def _verify(sample: dict) -> str:
    return check_image(sample).reason


def _raises(make: Callable[[dict], object]) -> Callable[[dict], str]:
    def read(sample: dict) -> str:
        try:
            make(sample)
        except BrokenImage as error:
            return error.reason
        return ''

    return read


READERS = dict(
    verify=_verify,
    training=_raises(TwinViews(32, {}, {}).make),
    turned=_raises(TwinViews(32, TURNED, TURNED).make),
    center=_raises(CenterView(32).transform),
)


def _resident(line: str) -> float:
    """Megabytes of this process: VmRSS now, VmHWM at most since the last reset."""
    status = Path('/proc/self/status').read_text()
    return int(status.split(f'{line}:')[1].split()[0]) / 1000


def _serve(requests: Connection) -> None:
    Image.init()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libtiff tells the terminal of each file
    while (asked := requests.recv()) is not None:
        path, number = asked
        Path('/proc/self/clear_refs').write_text('5')
        before, reasons, fault = _resident('VmRSS'), [], ''
        index = SampleIndex(number, Key(0, 0, number))
        try:
            for read in READERS.values():
                reasons.append(read(dict(img_path=path, sample_idx=index)))
        except Exception as error:  # a reader's fault is what is looked for
            fault = repr(error)
        requests.send(Answer(path, tuple(reasons), _resident('VmHWM') - before, fault))


def _answers(pipe: Any, process: int | None, patience: float) -> bool:
    """Whether the process answers; where the machine is busy, waiting for a core does not count."""
    start, first = time.monotonic(), None
    while not pipe.poll(min(patience, 1)):
        state, *numbers = Path(f'/proc/{process}/stat').read_text().rpartition(') ')[2].split()
        seconds = sum(map(int, numbers[10:12])) / os.sysconf('SC_CLK_TCK')
        first = seconds if first is None else first
        waits = state != 'R' and time.monotonic() - start > patience
        if waits or seconds - first > patience:
            return False
    return True


def read_all(paths: Iterable[str], patience: float = PATIENCE) -> Iterator[Answer]:
    """What the readers say of each file; a process that dies or hangs is replaced."""
    context, process, pipe = multiprocessing.get_context('fork'), None, None
    for number, path in enumerate(paths):
        if process is None or pipe is None:
            pipe, other = context.Pipe()
            process = context.Process(target=_serve, args=(other,), daemon=True)
            process.start()
            other.close()
        try:
            pipe.send((path, number))
            if _answers(pipe, process.pid, patience):
                yield pipe.recv()
                continue
            fault = 'hang'
        except (EOFError, OSError):
            fault = 'crash'
        process.kill()
        process.join()
        process = None
        yield Answer(path, fault=fault)
    if process and pipe:
        pipe.send(None)
        process.join()


def findings(answers: Iterable[Answer], bound: float) -> tuple[list[str], list[Answer]]:
    """Lines on what became of the files, and the answers that are faults.

    Args:
        bound: megabytes that no file may take.
    """
    start, seen = time.monotonic(), list(answers)
    bad = {
        'crashes': [a for a in seen if a.fault == 'crash'],
        'hangs': [a for a in seen if a.fault == 'hang'],
        'errors': [a for a in seen if a.fault not in ('', 'crash', 'hang')],
        'disagreements': [a for a in seen if len({bool(r) for r in a.reasons}) > 1],
        'over the bound': [a for a in seen if a.megabytes > bound],
    }
    broken = [a.reasons[0] for a in seen if a.reasons and a.reasons[0]]
    good = sum(bool(a.reasons) and not a.reasons[0] for a in seen)
    kinds = Counter(reason.split(':')[0] for reason in broken).most_common(8)
    lines = [
        f'files     {len(seen):,}, {good:,} good, {len(broken):,} broken',
        'reasons   ' + ', '.join(f'{reason} {n:,}' for reason, n in kinds),
        'faults    ' + ', '.join(f'{len(found)} {kind}' for kind, found in bad.items()),
        f'memory    at most {max((a.megabytes for a in seen), default=0):,.0f} MB, '
        f'{np.median([a.megabytes for a in seen]):,.1f} in the median',
        f'time      {(time.monotonic() - start) / 60:.1f} minutes',
    ]
    return lines, [a for found in bad.values() for a in found]
