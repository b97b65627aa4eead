"""What the tools share: configs checked before anything is built, errors in one line."""

import argparse
import difflib
import gc
import inspect
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from mmengine.config import Config, DictAction
from mmengine.dist import init_dist
from mmengine.runner import Runner

from mmbarlow import distributed
from mmbarlow.detection.checks import check_operators
from mmbarlow.errors import InputError, Unfinished

# mmcv without compiled operators is all that pretraining needs, yet it warns that one is missing.
warnings.filterwarnings('ignore', 'Fail to import ``MultiScaleDeformableAttention``')
# mmdet looks for another COCO evaluation than pycocotools, which is the one that is used here.
warnings.filterwarnings('ignore', 'faster_coco_eval is not installed')

# Keys that a config may have beside the arguments of MMEngine's Runner; `norm_cfg` is a variable
# that mmdet's models leave behind.
EXTRA_KEYS = {'sync_bn', 'find_unused_parameters', 'data_root'}
EXTRA_KEYS |= {'compile'}  # MMEngine reads it late
EXTRA_KEYS |= {'pretrained', 'custom_imports', 'norm_cfg'}  # of detection
ENV_KEYS = {'cudnn_benchmark', 'mp_cfg', 'dist_cfg', 'resource_limit'}


def run(main: Callable[[], int | None]) -> None:
    """Run a tool: bad input ends in one line on stderr and exit status 2, without a traceback."""
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
    if not status and torch.distributed.is_initialized():
        # A process that left before the others was aborted now and then as its interpreter ended
        # (torch 2.11, gloo), and a finished run counted as failed.
        gc.collect()  # DDP holds on to the group, and cycles to DDP
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()
    sys.exit(status)


def one_line(error: InputError) -> str:
    """The sentence of an error; one from a loader's worker has the worker's traceback around it."""
    return re.sub(r'^mmbarlow\.errors\.\w+: ', '', str(error).strip().split('\n')[-1])


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


def load_config(
    path: str | Path, options: dict | None = None, work_dir: str | None = None
) -> Config:
    """The config at `path` with `options` merged in, checked.

    Raises:
        InputError: the file is missing or broken, or a key is unknown.
    """
    if not Path(path).is_file():
        near = difflib.get_close_matches(Path(path).name, [p.name for p in _shipped()], 3, 0.5)
        hint = f'; close names: {", ".join(near)}' if near else ''
        raise InputError(f'there is no config {path}{hint}.')
    options = options or {}
    with explained(f'config {path}'):
        cfg = read_config(path)
        if 'data_root' in options:
            _move_data(cfg, cfg.get('data_root'), options['data_root'])
        cfg.merge_from_dict(options)
    if cfg.get('compile') and cfg.model.type.startswith('mmbarlow.'):
        # MMEngine would compile the whole step, hooks, backward and optimizer, which falls apart.
        cfg.model.compile = cfg.pop('compile')
    known = set(inspect.signature(Runner.__init__).parameters) | EXTRA_KEYS
    _check_keys(cfg, known, 'the config')
    _check_keys(cfg.get('env_cfg', {}), ENV_KEYS, 'env_cfg')
    cfg.work_dir = work_dir or cfg.get('work_dir') or f'work_dirs/{Path(path).stem}'
    return cfg


def read_config(path: str | Path) -> Config:
    """Raises InputError if it is of detection, and what that needs is not installed."""
    try:
        return Config.fromfile(path)
    except ImportError:  # of mmdet's configs or code
        check_operators()
        raise


def start_processes(launcher: str) -> None:
    """Start the process group, if this is one of several processes and it is not started yet."""
    if launcher == 'none' or torch.distributed.is_initialized():
        return
    if launcher != 'pytorch' or torch.cuda.is_available():
        init_dist(launcher)
        return
    torch.distributed.init_process_group('gloo')
    torch.set_num_threads(int(os.environ.get('OMP_NUM_THREADS', 1)))


def prepare_processes(cfg: Config, launcher: str) -> None:
    """Start the process group on machines without a GPU, which MMEngine's launcher needs."""
    cfg.launcher = launcher
    if launcher != 'pytorch' or torch.cuda.is_available():
        return  # the Runner starts it, with the config's `env_cfg.dist_cfg`
    start_processes(launcher)
    cfg.model_wrapper_cfg = dict(
        type='MMDistributedDataParallel',
        device_ids=None,
        broadcast_buffers=False,
        find_unused_parameters=cfg.get('find_unused_parameters', False),
    )
    # torch's SyncBatchNorm takes CUDA tensors only: the loss is global all the same, the other BN
    # layers are not, and their running statistics are averaged before each evaluation.
    cfg.sync_bn = None
    cfg.custom_hooks = [*cfg.get('custom_hooks', []), dict(type='mmbarlow.SyncTrainedBuffersHook')]


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn the errors of building `what` from a config into one clear line."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        reason = str(error.args[0] if isinstance(error, KeyError) else error)
        raise InputError(f'{what}: {" ".join(reason.split())}') from error


def check_data_folders(cfg: Config | dict) -> None:
    """Every `data_root` that a data loader of the config names must exist.

    Raises:
        InputError: one does not; the message names the key to change.
    """
    for key, folder in data_roots(cfg):
        # of an archive, its data set says by itself what is wrong
        if not (Path(folder).exists() or folder.endswith('.zip')):
            raise InputError(
                f'there is no folder {folder}: put the data there or name another with '
                f'--cfg-options data_root=FOLDER ({key}).'
            )


def _move_data(node: Config | dict, old: str | None, new: str) -> None:
    """`data_root` at the top of a config is the one folder of all its data sets: move them all."""
    if node.get('data_root', '') == old:
        node['data_root'] = new
    for _, child in _children(node):
        _move_data(child, old, new)


def data_roots(node: Config | dict, prefix: str = '') -> Iterator[tuple[str, str]]:
    """Key and value of each `data_root` that must be there before the config can run."""
    if 'data_root' in node and 'type' in node and not node.get('download'):
        yield prefix + 'data_root', node['data_root']
    for key, child in _children(node):
        yield from data_roots(child, f'{prefix}{key}.')


def nodes(node: Config | dict) -> Iterator[dict]:
    """Every dict in a config, at any depth."""
    for _, child in _children(node):
        yield child
        yield from nodes(child)


def _children(node: Config | dict) -> Iterator[tuple[str, dict]]:
    """The dicts in a dict, and in the lists in it, as `datasets.0`."""
    for key, value in node.items():
        if isinstance(value, dict):
            yield key, value
        elif isinstance(value, list):
            yield from ((f'{key}.{i}', v) for i, v in enumerate(value) if isinstance(v, dict))


def _check_keys(cfg: Config | dict, known: set[str], where: str) -> None:
    for key in cfg:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f', did you mean {near[0]!r}?' if near else '.'
            raise InputError(f'unknown key {key!r} in {where}{hint}')


def _shipped() -> list[Path]:
    return list((Path(__file__).parents[1] / 'configs').rglob('*.py'))
