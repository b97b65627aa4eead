"""Several processes: started, kept together, and ended together."""

import functools
import gc
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, NoReturn, TypeVar

import torch
import torch.distributed as dist
from mmengine.config import Config
from mmengine.dist import init_dist

from mmbarlow import peers
from mmbarlow.errors import InputError
from mmbarlow.loss.distributed import agree, rank, world_size

T = TypeVar('T')


def start_processes(launcher: str, **dist_cfg) -> None:
    """Start the process group, if this is one of several processes and it is not started yet.

    From then on the processes watch each other, see `mmbarlow.peers`.

    Args:
        launcher: what started the processes.
        dist_cfg: arguments for MMEngine's `init_dist`, which starts it where there are GPUs.
    """
    if launcher == 'none' or dist.is_initialized():
        return
    _check_environment(launcher)
    if launcher != 'pytorch' or torch.cuda.is_available():
        init_dist(launcher, **dist_cfg)
    else:
        _start_on_the_cpu()
    peers.watch_peers(patient_group())


def _start_on_the_cpu() -> None:
    try:
        dist.init_process_group('gloo')
    except (RuntimeError, ValueError) as error:
        address = ':'.join(os.environ[key] for key in ('MASTER_ADDR', 'MASTER_PORT'))
        raise InputError(
            f'the processes cannot meet at {address} ({str(error).splitlines()[0]}): if another '
            'run has that port, set PORT to a free one.'
        ) from error
    torch.set_num_threads(int(os.environ.get('OMP_NUM_THREADS', 1)))


def _check_environment(launcher: str) -> None:
    needed = ('RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'MASTER_ADDR', 'MASTER_PORT')
    lacking = [key for key in needed if key not in os.environ]
    if launcher == 'pytorch' and lacking and not dist.is_initialized():
        raise InputError(
            '--launcher pytorch is for processes that torchrun starts, and the environment lacks '
            f'{", ".join(lacking)}: start with tools/dist_train.sh, or leave --launcher out.'
        )


def prepare_processes(cfg: Config, launcher: str) -> None:
    """Start the process group on machines without a GPU, which MMEngine's launcher needs."""
    cfg.launcher = launcher
    if launcher != 'pytorch' or torch.cuda.is_available():
        _check_environment(launcher)
        return  # the Runner starts it, with the config's `env_cfg.dist_cfg`
    start_processes(launcher)
    cfg.model_wrapper_cfg = dict(
        type='mmbarlow.CpuDistributedDataParallel',
        device_ids=None,
        broadcast_buffers=False,
        find_unused_parameters=cfg.get('find_unused_parameters', False),
    )
    if not cfg.get('sync_bn'):  # running statistics of each process by itself
        averaged = dict(type='mmbarlow.SyncTrainedBuffersHook')
        if averaged not in (hooks := cfg.get('custom_hooks', [])):
            cfg.custom_hooks = [*hooks, averaged]


def leave_together() -> None:
    """Wait for the other processes, then close their group.

    A process that left before the others was aborted now and then as its interpreter ended (torch
    2.11, gloo), and a finished run counted as failed.
    """
    if dist.is_initialized():
        gc.collect()  # DDP holds on to the group, and cycles to DDP
        dist.barrier()
        peers.part()
        dist.destroy_process_group()


def leave_alone(status: int) -> None:
    """Tell the others that this process leaves; one of several does not return.

    Its interpreter would end with the group still open, and that aborts now and then, so that the
    launcher sees a crash, and starts again what it should not.
    """
    peers.part(status)
    if world_size() > 1:
        end_at_once(status)


def end_at_once(status: int) -> NoReturn:
    """Leave without the end of the interpreter, which takes seconds to free gigabytes."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # the terminal may be gone
            stream.flush()
    peers.end_process(status)


def together(task: Callable[[], T]) -> T:
    """What `task` returns on this process, once all have done theirs.

    Raises:
        InputError: the task does on some process; all of them raise it, see `agree`.
    """
    if world_size() == 1:
        return task()
    result: list[T] = []
    problem = None
    try:
        result.append(task())
    except InputError as error:
        problem = str(error)
    agree([0], problem)
    return result[0]


def on_first(task: Callable[[], T]) -> T:
    """What `task` returns on the first process, known to all; they wait, for hours if need be.

    Raises:
        InputError: the task does; every process raises it, and the first one alone tells it.
    """
    if world_size() == 1:
        return task()
    answer: list = [None, None]
    if rank() == 0:
        try:
            answer[0] = task()
        except InputError as error:
            answer[1] = str(error)
    dist.broadcast_object_list(answer, src=0, group=patient_group())
    if answer[1] is not None:
        error = InputError(answer[1])
        error.told = rank() > 0
        raise error
    return answer[0]


def patient_group() -> dist.ProcessGroup:
    """All processes, on the CPU: the usual groups give up after 10 (NCCL) or 30 minutes (gloo)."""
    return _group_beside(dist.group.WORLD)


@functools.lru_cache(maxsize=1)
def _group_beside(world) -> Any:
    return dist.new_group(backend='gloo', timeout=timedelta(days=7))
