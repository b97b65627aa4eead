"""How much of a training step's speed the loader leaves over."""

import itertools
from pathlib import Path

import torch
from mmengine.optim import build_optim_wrapper
from mmengine.runner import Runner

from mmbarlow.config import check_data_folders, load_config
from mmbarlow.config_files import explained
from mmbarlow.models.barlow_twins import BarlowTwins
from mmbarlow.registry import MODELS

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
    tasks = dict(
        step=lambda: model.train_step(batch, wrapper),
        loader=lambda: model.train_step(next(batches), wrapper),
    )
    seconds = medians(tasks, rounds, device, repeats=steps)
    size = cfg.train_dataloader.batch_size
    rates = dict(pairs_s=size / seconds['loader'], step_pairs_s=size / seconds['step'])
    of_step = seconds['step'] / seconds['loader']
    return dict(config=Path(cfg.filename).stem, batch=size, **rates, of_step=of_step)
