"""The command line that the tools share: arguments, and errors in one line."""

import argparse
import logging
import multiprocessing
import os
import re
import signal
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress

import mmengine.logging
from mmengine.config import DictAction as _DictAction

from mmbarlow import launch, peers, signals
from mmbarlow.checkpoints import guard_weights
from mmbarlow.errors import InputError, Unfinished, one_line
from mmbarlow.loss import distributed

# mmcv without compiled operators is all that pretraining needs, yet it warns that one is missing.
warnings.filterwarnings('ignore', 'Fail to import ``MultiScaleDeformableAttention``')
# mmdet looks for another COCO evaluation than pycocotools, which is the one that is used here.
warnings.filterwarnings('ignore', 'faster_coco_eval is not installed')
# mmseg has the published numbers from this default.
warnings.filterwarnings('ignore', 'Default ``avg_non_ignore`` is False')
# mmseg's own config of ADE20K has the argument.
warnings.filterwarnings('ignore', '`reduce_zero_label` will be deprecated')
# Configs ask for pinned memory, which is for GPUs; without one torch leaves it out.
warnings.filterwarnings('ignore', "'pin_memory' argument is set as true but no accelerator")
# MMEngine tells each process that it has set the number of threads.
warnings.filterwarnings('ignore', r'Setting (MKL|OMP)_NUM_THREADS environment variable')
# mmcv warns of an argument that mmpretrain's own configs give it.
warnings.filterwarnings('ignore', "Only use 'alpha' for pillow backend")

_print_log = mmengine.logging.print_log


def print_log(msg, logger=None, level: int = logging.INFO) -> None:
    """MMEngine's, which prints what it has no logger for at any level.

    mmpretrain and mmdet tell of an optional package in this way when they are imported.
    """
    if logger is not None or level > logging.DEBUG:
        _print_log(msg, logger, level)


mmengine.logging.print_log = print_log

# The last part of a key that names a path, as in `data_prefix.img`.
_PATH = re.compile(
    r'(^|\.)(data_prefix\..+|\w*(_root|_prefix|_file|_dir|_folder)|img_path|folder|pretrained'
    r'|load_from|checkpoint)$'
)


class DictAction(_DictAction):
    """KEY=VALUE pairs as in OpenMMLab, but that the text of a path stays as it is.

    MMEngine takes its spaces away, and reads `2024`, `True`, `1e5` and `a,b` as values.
    """

    def __call__(self, parser, namespace, values, option_string=None) -> None:
        options = dict(getattr(namespace, self.dest, None) or {})
        for pair in values or ():
            key, equals, text = pair.partition('=')
            if not key or not equals:
                parser.error(f'{option_string} takes KEY=VALUE, not {pair!r}.')
            try:
                options[key] = _path(text) if _PATH.search(key) else self._parse_iterable(text)
            except AssertionError as error:
                parser.error(f'{option_string} {pair}: {error}.')
        setattr(namespace, self.dest, options)


def _path(text: str) -> str | None:
    """As it is, but for the quotation marks around the whole; `None` is no path."""
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in '\'"'
    return None if text == 'None' else text[1:-1] if quoted else text


def run(main: Callable[[], int | None]) -> None:
    """Run a tool: bad input ends in one line on stderr and exit status 2, without a traceback.

    So does a signal, with the status 128 + its number.
    """
    guard_weights()
    os.environ['TORCH_FORCE_WEIGHTS_ONLY_LOAD'] = '1'  # for libraries that call torch.load
    with signals.handled():
        status, together = _run(main)
        signals.defer()  # the launcher may now end processes that leave anyway
        if together:
            launch.leave_together()
        else:
            launch.leave_alone(status)
        # A training has left, with gigabytes to free, and the machine may be taken away.
        if together and status > 128 and status != 128 + signal.SIGINT:
            launch.end_at_once(status)
    sys.exit(status)


def _run(main: Callable[[], int | None]) -> tuple[int, bool]:
    """The exit status, and whether all processes have come to this point."""
    try:
        status = main() or 0
    except InputError as error:
        if not error.told:
            print(f'error: {one_line(error)}', file=sys.stderr)
        status = 2
    except Unfinished as news:
        if distributed.rank() == 0:
            print(news)
        status = 0
    except signals.Signaled as news:
        if distributed.rank() == 0 or not news.together:
            with suppress(OSError):  # the terminal may be gone
                print(news, file=sys.stderr, flush=True)
        for worker in multiprocessing.active_children():
            worker.terminate()  # torch waits for five seconds before it does so
        return news.status, news.together
    except BaseException as error:
        if isinstance(error, RuntimeError):
            peers.await_end()
        peers.part(1)
        raise
    return status, not status


def add_config_arguments(parser: argparse.ArgumentParser) -> None:
    add_config_argument(parser)
    parser.add_argument('--work-dir', help='folder for the results; work_dirs/NAME by default')
    add_launcher_argument(parser)


def add_config_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='change entries of the config, such as train_dataloader.batch_size=128',
    )


def add_launcher_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none')
