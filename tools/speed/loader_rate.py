"""How much of a training's speed its loader leaves over."""

import itertools
import statistics
import time
from pathlib import Path

import torch
from mmbarlow.benchmarks.timing import synchronize
from mmengine.optim import build_optim_wrapper
from mmengine.runner import Runner

from mmbarlow.config import check_data_folders, explained, load_config
from mmbarlow.models.barlow_twins import BarlowTwins
from mmbarlow.registry import MODELS


def loader_rate(path: str, options: dict | None, steps: int, rounds: int) -> dict:
    """Pairs of views a second that a config trains on, with its loader and without.

    The model makes its step on one batch again and again, whose way to the device is in the
    time; then on the batches of the loader. Both take turns.

    Args:
        path: of the config of a pretraining.
        options: changes of the config.
        steps: in a turn.
        rounds: turns of each.
    """
    cfg = load_config(path, options)
    check_data_folders(cfg)
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    with explained('the config'):
        loader = Runner.build_dataloader(cfg.train_dataloader, seed=0)
        model: BarlowTwins = MODELS.build(cfg.model).to(device)
        wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    batches = itertools.chain.from_iterable(itertools.repeat(loader))
    batch = next(batches)
    for _ in range(3):
        model.train_step(batch, wrapper)
    times: dict[str, list[float]] = dict(step=[], loader=[])
    for _ in range(rounds):
        for kind in times:
            synchronize(device)
            start = time.perf_counter()
            for _ in range(steps):
                model.train_step(batch if kind == 'step' else next(batches), wrapper)
            synchronize(device)
            times[kind].append((time.perf_counter() - start) / steps)
    step, whole = (statistics.median(times[kind]) for kind in ('step', 'loader'))
    size = cfg.train_dataloader.batch_size
    rates = dict(pairs_s=size / whole, step_pairs_s=size / step, of_step=step / whole)
    return dict(config=Path(path).stem, batch=size, **rates)
