"""The command line that the tools share: arguments, and errors in one line."""

import argparse
import os
import sys
import warnings
from collections.abc import Callable

from mmengine.config import DictAction

from mmbarlow import launch
from mmbarlow.checkpoints import guard_weights
from mmbarlow.errors import InputError, Unfinished, one_line
from mmbarlow.loss import distributed

# mmcv without compiled operators is all that pretraining needs, yet it warns that one is missing.
warnings.filterwarnings('ignore', 'Fail to import ``MultiScaleDeformableAttention``')
# mmdet looks for another COCO evaluation than pycocotools, which is the one that is used here.
warnings.filterwarnings('ignore', 'faster_coco_eval is not installed')


def run(main: Callable[[], int | None]) -> None:
    """Run a tool: bad input ends in one line on stderr and exit status 2, without a traceback."""
    guard_weights()
    os.environ['TORCH_FORCE_WEIGHTS_ONLY_LOAD'] = '1'  # for libraries that call torch.load
    try:
        status = main()
    except InputError as error:
        print(f'error: {one_line(error)}', file=sys.stderr)
        status = 2
    except Unfinished as news:
        if distributed.rank() == 0:
            print(news)
        status = 0
    except KeyboardInterrupt:
        status = 130
    if not status:
        launch.leave_together()
    sys.exit(status)


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
