"""Several processes make one run: they must have been given the same things."""

import re
from typing import Any

import torch
from mmengine.config import Config
from mmengine.runner import Runner

from mmbarlow.checkpoints import unwrap
from mmbarlow.engine.run_settings import plain_settings, short
from mmbarlow.errors import InputError
from mmbarlow.loss.distributed import gather_objects, rank, world_size
from mmbarlow.zoo.provenance import versions

# What each machine may have of its own: where things are, how images are loaded, what is shown.
OWN = re.compile(
    r'(work_dir|load_from|launcher|log_level|log_processor|visualizer|experiment_name)(\.|$)'
    r'|(.*\.)?(data_root|ann_file|num_workers|persistent_workers|pin_memory|prefetch_factor)$'
)
SAME_CODE = ('torch', 'mmengine', 'mmpretrain', 'mmbarlow')
INTEGERS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def check_same_config(cfg: Config) -> None:
    """Raises InputError, on every process, if their configs or the code they run differ."""
    if world_size() > 1:
        settings = {k: v for k, v in plain_settings(cfg).items() if not OWN.fullmatch(k)}
        code = {f'version of {k}': v for k, v in versions().items() if k in SAME_CODE}
        _check_same(settings | code, 'start all of them with the same code, config and options')


def check_same_data(runner: Runner) -> None:
    """Raises InputError, on every process, if their images or their steps differ."""
    if world_size() > 1:
        facts: dict[str, Any] = runner.facts  # pyright: ignore[reportAttributeAccessIssue]
        length = {'steps of an epoch': len(runner.train_dataloader), 'seed': runner.seed}
        _check_same(facts | length, 'give all of them the same data, batch and seed')


def check_same_state(runner: Runner) -> None:
    """Raises InputError, on every process, if they start at other steps or with other weights.

    DDP and MMEngine send the first process's weights to all when a model is built, not what is
    loaded later, which each process reads for itself.
    """
    if world_size() > 1:
        state = dict(epoch=runner.epoch, iter=runner.iter)
        state |= {f'the sum of {n}': _bits(p) for n, p in unwrap(runner.model).named_parameters()}
        _check_same(state, 'give all of them the same checkpoint')


def _bits(x: torch.Tensor) -> int:
    """The sum of its numbers' bits as integers, which no order of the summands changes."""
    return int(x.detach().view(INTEGERS[x.element_size()]).sum(dtype=torch.int64))


def _check_same(own: dict[str, Any], cure: str) -> None:
    found = gather_objects({key: short(value) for key, value in own.items()})
    keys = dict.fromkeys(key for values in found for key in values)
    different = [key for key in keys if len({values.get(key) for values in found}) > 1]
    if not different:
        return
    told = [f'{key} is {_by_value([v.get(key) for v in found])}' for key in different[:3]]
    more = f'; and {len(different) - 3} more' * (len(different) > 3)
    error = InputError(f'the processes differ: {"; ".join(told)}{more}. To go on, {cure}.')
    error.told = rank() > 0
    raise error


def _by_value(values: list[str | None]) -> str:
    """'0.4 on process 0 and 0.1 on processes 1, 2'."""
    parts = []
    for value in dict.fromkeys(values):
        ranks = [str(i) for i, other in enumerate(values) if other == value]
        shown = ', '.join(ranks[:8]) + ', ...' * (len(ranks) > 8)
        parts.append(f'{value or "not set"} on process{"es" * (len(ranks) > 1)} {shown}')
    return ' and '.join(parts)
