"""Schedules against the length of the training, before it starts."""

import copy
from collections.abc import Mapping
from typing import Any

from mmengine.runner import Runner

from mmbarlow.config_files import explained
from mmbarlow.errors import InputError


def check_schedules(runner: Runner, length: int, by_epoch: bool) -> None:
    """Check the schedules of a run whose loop and optimizer are built, in the units of its config.

    Args:
        length: of the training, in epochs or iterations.
        by_epoch: whether it counts epochs.

    Raises:
        InputError: a warm-up in epochs takes all of the training, a schedule begins after its
            end, or has arguments that it does not take.
    """
    unit = 'epochs' if by_epoch else 'iterations'
    schedules: Any = runner.param_schedulers
    for place, schedule in enumerate(schedules if isinstance(schedules, list) else [schedules]):
        if not isinstance(schedule, Mapping) or 'type' not in schedule:
            continue
        kind, begin = str(schedule['type']).split('.')[-1], schedule.get('begin', 0)
        end, own_epochs = schedule.get('end'), schedule.get('by_epoch', True)
        key = f'param_scheduler.{place}' if isinstance(schedules, list) else 'param_scheduler'
        warmup = end if kind == 'LinearLR' and begin == 0 and end else 0
        if not own_epochs and warmup > runner.max_iters:  # mmdet's recipes, tried on a few images
            runner.logger.warning(
                f'a warm-up of {warmup} iterations is longer than the training of '
                f'{runner.max_iters}: the learning rate never reaches its value.'
            )
        if own_epochs != by_epoch:
            continue
        if by_epoch and warmup >= length:
            raise InputError(
                f'a warm-up of {warmup} epochs leaves nothing of a training of {length}: set '
                f'{key}.end to less, or train for more epochs.'
            )
        if begin >= (length if end is None else end):
            raise InputError(
                f'{key} ({kind}) begins after {begin} {unit}, and ends after '
                f'{length if end is None else end}: set {key}.begin to less.'
            )
    with explained('param_scheduler'):
        _build_for_nothing(runner)


def _build_for_nothing(runner: Runner) -> None:
    """Build the schedules on a copy of the optimizer's settings, which they change."""
    own = runner.optim_wrapper
    trial = copy.copy(own)
    if runner.param_schedulers is None or not hasattr(own, 'optimizer'):
        return  # several optimizers
    trial.optimizer = copy.copy(own.optimizer)  # pyright: ignore
    trial.optimizer.param_groups = [dict(group) for group in own.optimizer.param_groups]  # pyright: ignore
    try:
        runner.optim_wrapper = trial
        runner.build_param_scheduler(runner.param_schedulers)  # pyright: ignore
    finally:
        runner.optim_wrapper = own
