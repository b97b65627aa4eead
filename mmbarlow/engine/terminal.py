"""What the terminal shows of a run; the log file in its work dir has everything."""

import logging
import re
import sys

from mmengine.logging import MMLogger
from mmengine.runner import EpochBasedTrainLoop, Runner

from mmbarlow.checkpoints import unwrap
from mmbarlow.loss.distributed import world_size

THEIRS = {'mmengine', 'mmcv', 'mmpretrain', 'mmdet', 'mmseg'}
# Of what these packages say at the level INFO, this is for users.
NEWS = re.compile(r'(Epoch|Iter)\(|The best checkpoint|resumed epoch|Load checkpoint|LR is set')
# Warnings that nobody can act on.
NOISE = re.compile(
    r'"FileClient" will be|"HardDiskBackend" is the alias|The prefix is not set in metric class'
    r'|Dataset \w+ has no metainfo|[\w.]+ is skipped since its requires_grad=False'
    r'|Reach the end of the dataloader|Resumed iteration number is not divisible'
)
LINE = re.compile(r'(?:Epoch|Iter)\((train|val|test)\) +((?:\[[^]]*\])+) +(.*)', re.DOTALL)


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


def announce(runner: Runner, floor: float | None = None) -> None:
    """One line of what starts, once loops are built; `floor` is that of its loss."""
    batch, processes = batch_size(runner.train_dataloader), world_size()
    model, images = unwrap(runner.model), len(runner.train_dataloader.dataset)  # pyright: ignore
    by_epoch = isinstance(runner.train_loop, EpochBasedTrainLoop)
    about = [
        str(runner.cfg.filename),
        f'{images:,} images',
        f'batch {batch or "by its sampler"}' + f' x {processes} processes' * (processes > 1),
        f'{runner.max_epochs} epochs' if by_epoch else f'{runner.max_iters} iterations',
        next(model.parameters()).device.type,
    ]
    if floor is not None:
        about.append(f'the loss cannot go below {floor:.1f}')
    runner.logger.info(f'{"; ".join(about)}. Results go to {runner.work_dir}')


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
    """Rewrites the lines of MMEngine's LoggerHook: loss and metrics first, images for seconds."""

    def __init__(self, runner: Runner) -> None:
        super().__init__('%(asctime)s  %(message)s', '%m/%d %H:%M:%S')
        self.runner = runner

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        if found := LINE.fullmatch(text.rstrip()):
            text = self._line(*found.groups())
        elif record.levelno > logging.INFO:
            text = f'{record.levelname.lower()}: {text}'
        return super().format(logging.makeLogRecord(dict(vars(record), msg=text, args=None)))

    def _line(self, mode: str, place: str, rest: str) -> str:
        values = dict(re.findall(r'(\S+): (.+?)(?=\s+\S+: |\s*$)', rest))
        values = {k: v for k, v in values.items() if not k.startswith('spectrum/')}
        seconds, waiting = (float(values.pop(key, 0)) for key in ('time', 'data_time'))
        left, memory = values.pop('eta', None), values.pop('memory', None)
        at = [int(n) for n in re.findall(r'\d+', place)]
        if mode != 'train':
            name = 'validation' if mode == 'val' else 'test'
            if left is None:  # the last line, with the metrics
                return f'{name}: {", ".join(f"{k} {v}" for k, v in values.items())}'
            return f'{name}: batch {at[-2]} of {at[-1]}, {left} left'
        start = f'epoch {at[0]} of {self.runner.max_epochs}, ' if len(at) > 2 else ''
        parts = {k: values.pop(k) for k in list(values) if k.startswith('loss_')}
        terms = ', '.join(f'{k.removeprefix("loss_")} {float(v):.4g}' for k, v in parts.items())
        more = [f'loss {values.pop("loss", "unknown")}' + f' ({terms})' * bool(terms)]
        rate = values.pop('lr', None), values.pop('base_lr', None)
        more += [f'lr {float(rate[0]):.3g}'] if rate[0] else []
        more += [f'{k} {v}' for k, v in values.items()]
        if seconds and (images := batch_size(self.runner.train_dataloader)):
            more.append(f'{images * world_size() / seconds:.3g} images/s')
        more += ['waiting for images most of the time'] if waiting > seconds / 2 > 0 else []
        more += [f'{memory} MB'] if memory else []
        more += [f'{left} left'] if left else []
        return f'{start}step {at[-2]} of {at[-1]}: {", ".join(more)}'
