"""Benchmarks that train a network: how they are run, resumed and evaluated again."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from torch import Tensor, nn

from mmbarlow.checkpoints import read_checkpoint
from mmbarlow.config_files import explained
from mmbarlow.engine.agreement import check_same_config
from mmbarlow.engine.attempt import undone_if_it_fails
from mmbarlow.engine.folder_lock import owned
from mmbarlow.engine.last_checkpoint import latest_checkpoint
from mmbarlow.engine.preflight import check_run
from mmbarlow.engine.resuming import ResumingRunner
from mmbarlow.engine.scalars import keep_scalars
from mmbarlow.engine.terminal import announce
from mmbarlow.errors import InputError
from mmbarlow.evaluation.benchmark_hook import BenchmarkHook
from mmbarlow.evaluation.class_names import check_splits, class_names
from mmbarlow.launch import start_processes

DECISIVE = ('model', 'optim_wrapper', 'param_scheduler', 'train_cfg', 'randomness')


def train_and_evaluate(
    cfg: Config,
    state: dict[str, Tensor],
    load: Callable[[nn.Module], None],
    hooks: Sequence[Hook] = (),
) -> dict[str, float]:
    """Train what `cfg` describes and evaluate it.

    The resolved config, the log and the checkpoints go to `cfg.work_dir`; an interrupted benchmark
    resumes from the last checkpoint there, and a finished one is only evaluated again.

    Args:
        cfg: with the evaluated network in its place; `train_dataloader.batch_size` is that of all
            processes together. Changed. With a launcher, `mmbarlow.launch.prepare_processes` must
            have been called.
        state: the tensors of the evaluated network.
        load: puts them into the model.
        hooks: those that this kind of benchmark adds.

    Returns:
        Metrics of the last evaluation, in percent; `top1_best` is the highest `top1` of all
        evaluations, which the official code prints.

    Raises:
        InputError: the network, the data and the config do not fit together, or the work dir
            belongs to another benchmark.
    """
    key = benchmark_key(state, cfg)
    checkpoint = last_checkpoint(cfg.work_dir, key)
    cfg.resume, cfg.load_from = checkpoint is not None, checkpoint
    cfg.experiment_name = str(Path(cfg.work_dir).resolve())  # MMEngine keeps a log for each name
    split_batch(cfg)
    check_same_config(cfg)
    hook = BenchmarkHook(load, key)
    keep_scalars(cfg)
    with owned(cfg.work_dir):
        with undone_if_it_fails(cfg), explained('the benchmark'):
            runner = _BenchmarkRunner.from_cfg(cfg)
            loops: Any = runner.train_loop, runner.val_loop  # properties that build
            check_splits(*(class_names(loop.dataloader.dataset) for loop in loops))
            runner.optim_wrapper = runner.build_optim_wrapper(cfg.optim_wrapper)
            check_run(runner)
        for each in (hook, *hooks):
            runner.register_hook(each)
        announce(runner)
        runner.train()
    return hook.metrics


class _BenchmarkRunner(ResumingRunner):
    resumes_finished = True  # to evaluate it again


def normalization(encoder_cfg: dict) -> tuple[list[float] | None, list[float] | None, bool]:
    """Mean and standard deviation of the images in pretraining, in the network's own order of
    channels, and whether that order differs from R, G, B, which the data sets use."""
    images = encoder_cfg.get('data_preprocessor') or {}
    swapped = any(images.get(k) for k in ('to_rgb', 'bgr_to_rgb', 'rgb_to_bgr'))
    return images.get('mean'), images.get('std'), swapped


def split_batch(cfg: Config) -> None:
    """Divide the published batch, which the learning rate belongs to, among the processes.

    Raises:
        InputError: their number does not divide it.
    """
    start_processes(cfg.get('launcher', 'none'), **cfg.get('env_cfg', {}).get('dist_cfg', {}))
    batch, processes = cfg.train_dataloader.batch_size, get_world_size()
    if batch % processes:
        raise InputError(
            f'a batch of {batch} cannot be split over {processes} processes: choose a number of '
            'processes that divides it.'
        )
    cfg.train_dataloader.batch_size = batch // processes


def benchmark_key(state: dict[str, Tensor], cfg: Config) -> str:
    """SHA-256 of the network and of those parts of the config that decide its result."""
    recipe = {key: cfg.get(key) for key in DECISIVE} | dict(batch=cfg.train_dataloader.batch_size)
    digest = hashlib.sha256(json.dumps(recipe, sort_keys=True, default=str).encode())
    for name, tensor in state.items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def last_checkpoint(work_dir: str, key: str) -> str | None:
    """The checkpoint to resume from, or None, once it has been read safely.

    MMEngine's own loading falls back to unpickling anything.

    Raises:
        InputError: it belongs to another benchmark, or cannot be read safely.
    """
    path = latest_checkpoint(work_dir)
    if path is None:
        return None
    benchmark = read_checkpoint(path).get('benchmark')
    if not isinstance(benchmark, dict) or benchmark.get('key') != key:
        raise InputError(
            f'{path} belongs to another network, seed or recipe than this benchmark: remove '
            f'{work_dir}, or give another --work-dir.'
        )
    return path
