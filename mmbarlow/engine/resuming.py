"""Resuming a run: from a complete checkpoint of this recipe, or not at all."""

import math
from typing import Any

from mmengine.runner import EpochBasedTrainLoop
from torch import Tensor

from mmbarlow.checkpoints import read_checkpoint
from mmbarlow.config import explained
from mmbarlow.engine.terminal import TerminalRunner
from mmbarlow.errors import InputError

MOMENTS = ('momentum_buffer', 'exp_avg', 'exp_avg_sq')  # each as large as its parameter


class ResumingRunner(TerminalRunner):
    """MMEngine's Runner starts anew what a checkpoint lacks, and takes values of any kind."""

    def resume(self, filename: str, *args: Any, **kwargs: Any) -> None:
        """Raises InputError if the run cannot go on as if it had not been interrupted."""
        saved = read_checkpoint(filename)
        self._check_unfinished(filename, saved)
        own = self._numbers()
        keys = [schedule.keys() for schedule in own[1]]
        if keys and keys != [getattr(state, 'keys', dict)() for state in saved['param_schedulers']]:
            raise InputError(f'{filename} cannot be resumed: its schedules are not of this config.')
        with explained(f'{filename} cannot be resumed'):
            super().resume(filename, *args, **kwargs)
        optimizer = getattr(self.optim_wrapper, 'optimizer', None)  # None: there are several
        states, defaults = (optimizer.state, optimizer.defaults) if optimizer else ({}, {})
        fits = [
            tensor is None or isinstance(tensor, Tensor) and tensor.shape == parameter.shape
            for parameter, state in states.items()
            for tensor in ([state.get(k) for k in MOMENTS] if isinstance(state, dict) else [state])
        ]
        lost = any(map(defaults.get, ('momentum', 'betas'))) and self.iter and not states
        if lost or not all(fits) or not alike(own, self._numbers()):
            raise InputError(
                f'{filename} cannot be resumed: its optimizer or its schedules are not those of '
                'this config. Give the config of its run, or start anew.'
            )

    def _check_unfinished(self, path: str, saved: dict) -> None:
        parts = ['meta', 'state_dict', 'optimizer']
        parts += ['param_schedulers'] if self.param_schedulers else []
        lacking = [key for key in parts if not isinstance(saved.get(key), dict | list)]
        lacking += [key for key in ('epoch', 'iter') if key not in saved.get('meta', ())]
        if lacking:
            raise InputError(
                f'{path} is no complete checkpoint of a run: it has no {", ".join(lacking)} to '
                f'resume. To start from its weights, give --cfg-options load_from={path} instead.'
            )
        epochs = isinstance(self.train_loop, EpochBasedTrainLoop)
        unit, limit = ('epoch', self.max_epochs) if epochs else ('iter', self.max_iters)
        if saved['meta'][unit] >= limit:
            raise InputError(
                f'nothing to resume: {path} is of {unit} {saved["meta"][unit]}, and the run ends '
                f'after {limit}. To train on, give a larger train_cfg.max_{unit}s.'
            )

    def _numbers(self) -> list:
        """The settings of the optimizer's groups and of the schedules."""
        optimizer = getattr(self.optim_wrapper, 'optimizer', None)
        schedules = self.param_schedulers if isinstance(self.param_schedulers, list) else []
        return [
            [{k: v for k, v in g.items() if k != 'params'} for g in optimizer.param_groups]
            if optimizer
            else [],
            [dict(schedule.state_dict()) for schedule in schedules],  # pyright: ignore
        ]


def alike(own: Any, other: Any) -> bool:
    """Whether numbers are where they were; other kinds of values are not compared."""
    if isinstance(own, dict):
        return isinstance(other, dict) and all(alike(v, other.get(k)) for k, v in own.items())
    if isinstance(own, list | tuple):
        same = isinstance(other, list | tuple) and len(own) == len(other)
        return same and all(map(alike, own, other))
    if isinstance(own, bool) or not isinstance(own, int | float):
        return True
    return isinstance(other, int | float) and not isinstance(other, bool) and not math.isnan(other)
