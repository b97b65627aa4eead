"""Schedules and the optimizer's settings at a later step than their first."""

import copy
from typing import Any

from mmengine.runner import EpochBasedTrainLoop, Runner

from mmbarlow.checkpoints import is_plain
from mmbarlow.errors import InputError

MOVING = {'last_step', '_global_step', '_last_value', 'base_values', 'verbose'}


class Numbers:
    """The settings of the optimizer's groups and the states of the schedules at some moment."""

    def __init__(self, runner: Runner) -> None:
        optimizer = getattr(runner.optim_wrapper, 'optimizer', None)  # None: there are several
        schedules = runner.param_schedulers if isinstance(runner.param_schedulers, list) else []
        groups = optimizer.param_groups if optimizer else []
        self.groups = [_plain({k: v for k, v in g.items() if k != 'params'}) for g in groups]
        self.schedules = [_plain(s.state_dict()) for s in schedules]  # pyright: ignore

    def settings(self) -> dict[str, Any]:
        """What no step changes."""
        found = {}
        for number, group in enumerate(self.groups):
            moved = {key for key in group if f'initial_{key}' in group}
            found |= {f'group {number} {k}': v for k, v in group.items() if k not in moved}
        for number, state in enumerate(self.schedules):
            found |= {f'schedule {number} {k}': v for k, v in state.items() if k not in MOVING}
        return found

    @property
    def rates(self) -> list[float]:
        return [group['lr'] for group in self.groups if 'lr' in group]


def _plain(values: dict) -> dict:
    """A copy of the values that checkpoints hold."""
    return copy.deepcopy({k: v for k, v in values.items() if is_plain(v)})


def reschedule(runner: Runner, fresh: Numbers) -> None:
    """Give a resumed run the settings of its own config, where those of its checkpoint differ.

    The schedules go from their beginning to the step that is resumed, as they would have in a run
    that had these settings from the start; the optimizer keeps its momentum.

    Args:
        fresh: of the run before it was resumed.

    Raises:
        InputError: a schedule depends on measured values, which are not known for earlier steps.
    """
    schedules: list[Any] = runner.param_schedulers or []  # pyright: ignore
    if driven := [type(s).__name__ for s in schedules if getattr(s, 'need_val_args', False)]:
        raise InputError(
            f'{driven[0]} follows what was measured, so a run with it resumes only with unchanged '
            'settings of the optimizer and its schedules.'
        )
    groups = runner.optim_wrapper.optimizer.param_groups  # pyright: ignore
    for group, values in zip(groups, fresh.groups, strict=True):
        group.update(values)
    for schedule, state in zip(schedules, fresh.schedules, strict=True):
        schedule.load_state_dict(state)
        schedule.optimizer._global_step = 0  # MMEngine would warn that no step precedes
    by_step = [s for s in schedules if not s.by_epoch]
    by_epoch = [s for s in schedules if s.by_epoch]
    epochs = isinstance(runner.train_loop, EpochBasedTrainLoop)
    length = len(runner.train_dataloader) if epochs else 0
    for step in range(1, runner.iter + 1):
        for schedule in by_step:
            schedule.step()
        # The end of an epoch may still be to come, at its last step.
        ends = length and step % length == 0 and step <= runner.epoch * length
        for schedule in by_epoch if ends else ():
            schedule.step()
