"""Whether a checkpoint can be resumed with this config."""

import math
from collections import Counter
from pathlib import Path
from typing import Any

from mmengine.runner import EpochBasedTrainLoop, Runner
from torch import Tensor

from mmbarlow.engine.rescheduling import Numbers
from mmbarlow.engine.run_facts import check_same_run
from mmbarlow.engine.starts import resumed_start
from mmbarlow.engine.train_loops import ResumableLoop
from mmbarlow.errors import InputError

MOMENTS = ('momentum_buffer', 'exp_avg', 'exp_avg_sq')  # each as large as its parameter


def check_unfinished(runner: Any, path: str, saved: dict) -> None:
    """Raises InputError if it is not of this run, lacks something, or leaves nothing to do."""
    parts = ['meta', 'state_dict', 'optimizer']
    parts += ['param_schedulers'] if runner.param_schedulers else []
    lacking = [key for key in parts if not isinstance(saved.get(key), dict | list)]
    lacking += [key for key in ('epoch', 'iter') if key not in saved.get('meta', ())]
    if lacking:
        raise InputError(
            f'{path} is no complete checkpoint of a run: it has no {", ".join(lacking)} to '
            f'resume. To start from its weights, give --cfg-options load_from={path} instead.'
        )
    epochs, meta = isinstance(runner.train_loop, EpochBasedTrainLoop), saved['meta']
    unit, limit = ('epoch', runner.max_epochs) if epochs else ('iter', runner.max_iters)
    if meta[unit] >= limit and not runner.resumes_finished and is_complete(runner, path, meta):
        raise InputError(
            f'nothing to resume: {path} is of {unit} {meta[unit]}, and the run ends '
            f'after {limit}. To train on, give a larger train_cfg.max_{unit}s.'
        )
    check_same_run(runner.facts, runner.cfg, meta, path)
    steps = len(runner.train_dataloader)
    done = meta['iter'] - meta['epoch'] * steps  # of an epoch that is not over
    theirs = isinstance(runner.train_loop, ResumableLoop) and position_in(saved).get('steps')
    if epochs and done and not (theirs == steps and 0 < done <= steps):
        raise InputError(
            f'{path} cannot be resumed: it is of step {meta["iter"]}, and its epoch '
            f'{meta["epoch"]} ends at step {meta["epoch"] * steps} with this config. Give a '
            'checkpoint of the end of an epoch, and the data, batch size and number of processes '
            'of its run.'
        )


def position_in(saved: dict) -> dict:
    """Where a checkpoint is within the data; empty in those of MMEngine and of older versions."""
    position = run.get('position') if isinstance(run := saved.get('run'), dict) else None
    return position if isinstance(position, dict) else {}


def is_complete(runner: Runner, path: str, meta: dict) -> bool:
    """Whether what comes after the training is done, too."""
    replaced = resumed_start(Path(path), meta)['replaces']
    checks = [getattr(hook, 'is_done', None) for hook in runner.hooks]
    return all(check(runner, Path(path).parent, replaced) for check in checks if check)


def check_fits_run(runner: Any, path: str, fresh: Numbers) -> None:
    """Raises InputError if the optimizer or the schedules of a resumed run are of another kind.

    Args:
        fresh: of the run before it was resumed.
    """
    optimizer = getattr(runner.optim_wrapper, 'optimizer', None)  # None: there are several
    states, defaults = (optimizer.state, optimizer.defaults) if optimizer else ({}, {})
    fits = [
        tensor is None or isinstance(tensor, Tensor) and tensor.shape == parameter.shape
        for parameter, state in states.items()
        for tensor in ([state.get(k) for k in MOMENTS] if isinstance(state, dict) else [state])
    ]
    wrapper = runner.optim_wrapper  # with a scaler of the loss, the first steps may be left out
    steps = runner.iter // getattr(wrapper, '_accumulative_counts', 1)
    stepped = steps and not hasattr(wrapper, 'loss_scaler')
    lost = any(map(defaults.get, ('momentum', 'betas'))) and stepped and not states
    loaded = Numbers(runner)
    same = alike(fresh.groups, loaded.groups) and alike(fresh.schedules, loaded.schedules)
    if lost or not all(fits) or not same:
        raise InputError(
            f'{path} cannot be resumed: its optimizer or its schedules are not those of '
            'this config. Give the config of its run, or start anew.'
        )


def alike(own: Any, other: Any) -> bool:
    """Whether numbers are where they were; other kinds of values are not compared."""
    if isinstance(own, Counter):  # milestones, which may be others
        return isinstance(other, Counter) and all(alike(1, n) for kv in other.items() for n in kv)
    if isinstance(own, dict):
        return isinstance(other, dict) and all(alike(v, other.get(k)) for k, v in own.items())
    if isinstance(own, list | tuple):
        same = isinstance(other, list | tuple) and len(own) == len(other)
        return same and all(map(alike, own, other))
    if isinstance(own, bool) or not isinstance(own, int | float):
        return True
    return isinstance(other, int | float) and not isinstance(other, bool) and not math.isnan(other)
