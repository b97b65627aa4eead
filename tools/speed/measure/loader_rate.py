"""How much of a training step's speed the loader leaves over."""

import itertools
from collections.abc import Iterator
from pathlib import Path

from mmengine.config import Config
from mmengine.optim import OptimWrapper, build_optim_wrapper
from mmengine.runner import Runner

from mmbarlow.config import check_data_folders, load_config
from mmbarlow.config_files import explained
from mmbarlow.models.barlow_twins import BarlowTwins
from mmbarlow.registry import MODELS

from .report import device_of
from .timing import medians


def loader_rate(path: str, options: dict | None, steps: int, rounds: int) -> dict:
    """Pairs of views a second that a config trains on, with its loader and without.

    The model makes its step on one batch again and again, whose way to the device is in the
    time; then on the batches of the loader. Both take turns.

    Args:
        path: the config of a pretraining.
        options: changes of the config.
        steps: in a turn.
        rounds: turns of each.
    """
    cfg, model, wrapper, batches = trained(path, options)
    batch = next(batches)
    for _ in range(3):
        model.train_step(batch, wrapper)
    tasks = dict(
        step=lambda: model.train_step(batch, wrapper),
        loader=lambda: model.train_step(next(batches), wrapper),
    )
    seconds = medians(tasks, rounds, device_of(), repeats=steps)
    size = cfg.train_dataloader.batch_size
    rates = dict(pairs_s=size / seconds['loader'], step_pairs_s=size / seconds['step'])
    of_step = seconds['step'] / seconds['loader']
    return dict(config=Path(cfg.filename).stem, batch=size, **rates, of_step=of_step)


def trained(
    path: str, options: dict | None
) -> tuple[Config, BarlowTwins, OptimWrapper, Iterator[dict]]:
    """What a config trains, on the device, with its optimizer and the batches of its loader.

    Raises:
        InputError: the config is bad, or its data is not there.
    """
    cfg = load_config(path, options)
    check_data_folders(cfg)
    with explained('the config'):
        loader = Runner.build_dataloader(cfg.train_dataloader, seed=0)
        model: BarlowTwins = MODELS.build(cfg.model).to(device_of())
        wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    return cfg, model, wrapper, itertools.chain.from_iterable(itertools.repeat(loader))
