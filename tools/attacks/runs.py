"""Real trainings to be killed: each is a process of its own, which has all imports already."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import torch
from mmengine.config import DictAction

from mmbarlow import cli
from mmbarlow.checkpoints import read_checkpoint
from mmbarlow.config import load_config
from mmbarlow.engine.last_checkpoint import last_checkpoint_in
from mmbarlow.engine.pretraining import pretrain


class Training:
    """A pretraining in a fork of this process, as `tools/train.py` runs it; it writes to `log`."""

    def __init__(self, config: Path, work_dir: Path, options: list[str]) -> None:
        self.work_dir, self.log = work_dir, work_dir.with_suffix('.log')
        pairs = dict(option.split('=', 1) for option in options)
        values = {key: DictAction._parse_iterable(value) for key, value in pairs.items()}
        sys.stdout.flush()
        self.pid = os.fork()
        if not self.pid:
            _become(lambda: pretrain(load_config(config, values, str(work_dir))), self.log)

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def poll(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        done, status = os.waitpid(self.pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if done else None

    def wait(self, until: Callable[[], object] = lambda: False, limit: float = 600) -> int | None:
        """Wait for the end, or for `until`; returns the exit status, None if it still runs."""
        end = time.monotonic() + limit
        while (status := self.poll()) is None and not until():
            if time.monotonic() > end:
                self.send(signal.SIGKILL)
                raise TimeoutError(f'{self.work_dir} hangs: see {self.log}')
            time.sleep(0.001)
        return status

    def lines(self) -> int:
        """Of the log of values of all starts, each of one or some steps."""
        files = self.work_dir.glob('*/vis_data/scalars.json')
        return sum(path.read_bytes().count(b'"loss"') for path in files)


def _become(task: Callable[[], object], log: Path) -> NoReturn:
    log.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for stream in (1, 2):
        os.dup2(handle, stream)
    status = 1
    try:
        cli.run(lambda: (task(), 0)[1])
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(bool(end.code))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def final_state(work_dir: Path) -> dict[str, Any]:
    """All that the last checkpoint of a run holds of what it computed."""
    path, _ = last_checkpoint_in(work_dir)
    assert path, f'{work_dir} has no checkpoint'
    saved = read_checkpoint(path)
    kept = {k: saved[k] for k in ('state_dict', 'optimizer', 'ema_state_dict') if k in saved}
    return kept | dict(iter=saved['meta']['iter'])


def differences(one: Any, other: Any, key: str = '') -> Iterator[str]:
    """Where two states differ in a single bit."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in {**one, **other}:
            yield from differences(one.get(name), other.get(name), f'{key}.{name}')
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for i, pair in enumerate(zip(one, other, strict=True)):
            yield from differences(*pair, f'{key}.{i}')
    elif isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        if one.dtype != other.dtype or not torch.equal(one, other):
            yield key
    elif one != other:
        yield key
