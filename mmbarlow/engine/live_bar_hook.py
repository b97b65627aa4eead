"""One line that tells how the training goes: a bar in a terminal, now and then a line elsewhere."""

import logging
import shutil
import sys
import time
from datetime import timedelta

import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook

from mmbarlow.engine.loss_floors import floor_of
from mmbarlow.engine.terminal import NOISE, batch_size
from mmbarlow.errors import printable
from mmbarlow.loss.distributed import world_size
from mmbarlow.registry import HOOKS

REWRITE = 0.5  # seconds between two states of the bar
LINES = 20  # about so many of a training where no line can be rewritten,
APART = 10.0  # so many seconds apart at least
WIDTH = 10  # of the bar, in characters
CLEAR = '\r\x1b[K'


@HOOKS.register_module()
class LiveBarHook(Hook):
    """Shows epoch, share, loss, loss over its floor, images a second and the time left on stdout.

    The floor is the least value that the loss can take with the batch (`mmbarlow.loss_floor`):
    a run that learns comes down to some times of it, whatever the batch and the projector are.
    Warnings of the log appear above the line. It is for `pretrain(cfg, quiet=True)`.
    """

    priority = 'VERY_LOW'  # after what measures

    def before_train(self, runner) -> None:
        self.shown = is_main_process()
        self.live = self.shown and sys.stdout.isatty()
        self.batch = (batch_size(runner.train_dataloader) or 0) * world_size()
        self.floor, D = floor_of(runner) or (0.0, 0)
        self.first = self.counted = runner.iter
        self.start = self.since = time.perf_counter()
        self.last, self.share, self.rate = 0.0, 0.0, 0.0
        self.metrics = ''
        if self.shown:
            runner.logger.addHandler(_Warnings(self))
        if self.shown and self.floor:
            self.write(f'floor of the loss: {self.floor:.1f}, with {D} dimensions and this batch')

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        if not self.shown:
            return
        done, now = runner.iter + 1, time.perf_counter()
        first, last = done == self.first + 1, done == runner.max_iters
        share, since = done / runner.max_iters, now - self.last
        due = since > (REWRITE if self.live else APART)
        if not self.live:
            due = due and share - self.share >= 1 / LINES
        if first or last or due:
            if now > self.since and not first:
                self.rate = (done - self.counted) * self.batch / (now - self.since)
            self.last, self.share = now, share
            self.write(self._line(runner, done, now), end='' if self.live and not last else '\n')
            self.counted, self.since = done, time.perf_counter()

    def before_val(self, runner) -> None:
        self.paused = time.perf_counter()

    def after_val_epoch(self, runner, metrics: dict[str, float] | None = None) -> None:
        self.since += time.perf_counter() - self.paused  # which is not of training
        names = {name: value for name, value in (metrics or {}).items() if 'top1' in name}
        found = ', '.join(f'{_protocol(name)} {value:.1f} %' for name, value in names.items())
        if self.shown and found:
            self.write(f'after epoch {runner.epoch} of {runner.max_epochs}: {found}')

    def write(self, line: str, end: str = '\n') -> None:
        if not end:  # a line that wraps cannot be written anew
            line = line[: shutil.get_terminal_size().columns - 1]
        print(f'{CLEAR * self.live}{line}', end=end, flush=True)

    def _line(self, runner, done: int, now: float) -> str:
        losses = runner.message_hub.get_scalar('train/loss')
        loss = losses.mean(min(50, done - self.first))
        total, epochs = runner.max_iters, runner.max_epochs
        epoch = min(epochs, runner.epoch + 1)
        filled = round(WIDTH * done / total)
        bar = '#' * filled + '.' * (WIDTH - filled)
        parts = [f'epoch {epoch}/{epochs} [{bar}] {done / total:.0%}']
        of_floor = f', {loss / self.floor:.2f} x floor' if self.floor >= 1 else ''
        parts.append(f'loss {loss:.1f}{of_floor}')
        parts += [f'{self.rate:.3g} images/s'] if self.rate else []
        if done < total:
            left = (now - self.start) / (done - self.first) * (total - done)
            parts.append(f'{timedelta(seconds=round(left))} left')
        if torch.cuda.is_available():
            parts.append(f'{torch.cuda.max_memory_allocated() / 2**30:.1f} GiB')
        return '  '.join(parts)


def _protocol(name: str) -> str:
    """'KNN/top1_k10' as 'kNN', 'LinearProbe/top1' as 'linear probe'."""
    return {'KNN': 'kNN', 'LinearProbe': 'linear probe'}.get(name.split('/')[0], name)


class _Warnings(logging.Handler):
    """Writes warnings above the line."""

    def __init__(self, bar: LiveBarHook) -> None:
        super().__init__(logging.WARNING)
        self.bar = bar

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if not NOISE.match(text):
            self.bar.write(f'{record.levelname.lower()}: {printable(text)}')
