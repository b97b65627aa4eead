"""What the terminal shows of a run; the log file in its work dir has everything."""

import logging
import re
import sys
from collections.abc import Mapping

from mmengine.logging import MMLogger
from mmengine.runner import EpochBasedTrainLoop, Runner

from mmbarlow.checkpoints import unwrap
from mmbarlow.loss import loss_floor
from mmbarlow.loss.distributed import world_size

THEIRS = {'mmengine', 'mmcv', 'mmpretrain', 'mmdet'}
# Of what these packages say at the level INFO, this is for users.
NEWS = re.compile(r'(Epoch|Iter)\(|The best checkpoint|resumed epoch|Load checkpoint|LR is set')
# Warnings that nobody can act on.
NOISE = re.compile(
    r'"FileClient" will be|"HardDiskBackend" is the alias|The prefix is not set in metric class'
    r'|Dataset \w+ has no metainfo|Reach the end of the dataloader'
)
PROGRESS = re.compile(r'(Epoch|Iter)\(train\) +((?:\[[^]]*\])+) +(.*)', re.DOTALL)


class TerminalRunner(Runner):
    """MMEngine's Runner, whose terminal shows news and warnings instead of configs and hooks.

    With `log_level='DEBUG'` it shows everything.
    """

    def build_logger(self, *args, **kwargs) -> MMLogger:
        logger = super().build_logger(*args, **kwargs)
        for handler in logger.handlers:
            if not isinstance(handler, logging.FileHandler) and handler.level > logging.DEBUG:
                handler.addFilter(is_news)
                handler.setFormatter(_Short(self))
        return logger

    def announce(self) -> None:
        """One line of what starts, once loops are built."""
        loop, loader = self.train_loop, self.train_dataloader
        by_epoch = isinstance(loop, EpochBasedTrainLoop)
        length = f'{self.max_epochs} epochs' if by_epoch else f'{self.max_iters} iterations'
        batch, processes = batch_size(loader), world_size()
        device = next(unwrap(self.model).parameters()).device
        about = [
            str(self.cfg.filename),
            f'{len(loader.dataset):,} images',  # pyright: ignore[reportArgumentType]
            f'batch {batch or "of its own sampler"}' + f' x {processes} processes' * (processes > 1),
            length,
            str(device.type) + f', {processes} in all' * (device.type == 'cuda' and processes > 1),
        ]
        head = getattr(unwrap(self.model), 'head', None)
        if batch and hasattr(head, 'criterion'):
            floor = loss_floor(batch * processes, head.in_channels, head.lambd)
            about.append(f'the loss cannot go below {floor:.1f}')
        self.logger.info(f'{"; ".join(about)}. Results go to {self.work_dir}')


def batch_size(loader) -> int | None:
    """Images of a step on this process; None where a sampler of batches does not say."""
    return loader.batch_size or getattr(loader.batch_sampler, 'batch_size', None)


def is_news(record: logging.LogRecord) -> bool:
    """Whether the terminal shows what is logged."""
    text = record.getMessage()
    if record.levelno > logging.INFO:
        return not NOISE.match(text)
    return _speaker().split('.')[0] not in THEIRS or bool(NEWS.match(text))


def _speaker() -> str:
    """The module whose call is being logged; MMEngine's `print_log` hides it from the record."""
    frame = sys._getframe(2)
    while frame and frame.f_globals['__name__'] in (__name__, 'logging', 'mmengine.logging.logger'):
        frame = frame.f_back
    return frame.f_globals['__name__'] if frame else ''


class _Short(logging.Formatter):
    def __init__(self, runner: Runner) -> None:
        super().__init__('%(asctime)s  %(message)s', '%m/%d %H:%M:%S')
        self.runner = runner

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        if found := PROGRESS.fullmatch(text.rstrip()):
            text = progress_line(found, self.runner)
        elif record.levelno > logging.INFO:
            text = f'{record.levelname.lower()}: {text}'
        return super().format(logging.makeLogRecord(dict(vars(record), msg=text, args=None)))


def progress_line(found: re.Match, runner: Runner) -> str:
    """A line of MMEngine's training log, with the loss first and images instead of seconds."""
    unit, place, rest = found.groups()
    values: Mapping = dict(re.findall(r'(\S+): (.+?)(?=\s+\S+: |\s*$)', rest))
    numbers = re.findall(r'\d+', place)
    if unit == 'Epoch':
        start = f'epoch {numbers[0]} of {runner.max_epochs}, step {numbers[1]} of {numbers[2]}'
    else:
        start = f'step {numbers[0]} of {numbers[1]}'
    parts = [f'{k.removeprefix("loss_")} {v}' for k, v in values.items() if k.startswith('loss_')]
    loss = f'loss {values.get("loss", "?")}' + f' ({", ".join(parts)})' * bool(parts)
    if 'lr' in values:
        loss += f', lr {float(values["lr"]):.3g}'
    known = {'loss', 'lr', 'base_lr', 'eta', 'time', 'data_time', 'memory'}
    more = [f'{k} {v}' for k, v in values.items() if k not in known and not k.startswith('loss_')]
    seconds, images = float(values.get('time', 0)), batch_size(runner.train_dataloader)
    if seconds and images:
        more.append(f'{images * world_size() / seconds:.0f} images/s')
    if seconds and float(values.get('data_time', 0)) > seconds / 2:
        more.append('most of the time waiting for images')
    if 'memory' in values:
        more.append(f'{values["memory"]} MB')
    return ', '.join([f'{start}: {loss}', *more, *[f'{values["eta"]} left'] * ('eta' in values)])
