"""Resuming a run: from a complete checkpoint of this recipe, or not at all."""

import json
import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop
from torch import Tensor

from mmbarlow.checkpoints import keep_plain, read_checkpoint
from mmbarlow.config_files import explained
from mmbarlow.engine.rescheduling import Numbers, reschedule
from mmbarlow.engine.restarts import jobs
from mmbarlow.engine.run_settings import changes, check_same_run, facts_of, settings_of
from mmbarlow.engine.starts import later_than_all, resumed_start
from mmbarlow.engine.terminal import TerminalRunner
from mmbarlow.errors import InputError
from mmbarlow.files import write_atomically
from mmbarlow.launch import on_first
from mmbarlow.loss.distributed import rank
from mmbarlow.zoo.curve import START

MOMENTS = ('momentum_buffer', 'exp_avg', 'exp_avg_sq')  # each as large as its parameter


class ResumingRunner(TerminalRunner):
    """MMEngine's Runner starts anew what a checkpoint lacks, and takes values of any kind.

    Every start has a folder of logs of its own, with `start.json`: the `curve` of what it resumed,
    the files that the run `replaces` when it is complete (`work_dir.state_of_run`), and the `jobs`
    that it is part of (`restarts.jobs`).
    """

    resumes_finished = False  # whether a checkpoint of a finished run is taken

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.start: dict[str, Any] = dict(curve=[], replaces={})
        self.started: Callable[[], object] = lambda: None  # called before the first step
        self.register_hook(_ResumableHook())

    def setup_env(self, env_cfg: dict) -> None:
        super().setup_env(env_cfg)
        self._timestamp = on_first(lambda: later_than_all(self._timestamp, self._work_dir))

    def load_or_resume(self) -> None:
        super().load_or_resume()
        if rank() == 0:
            write_atomically(
                Path(self.log_dir, START), json.dumps(self.start | dict(jobs=sorted(jobs())))
            )
        self.started()

    def resume(self, filename: str, *args: Any, **kwargs: Any) -> None:
        """Raises InputError if the run cannot go on as if it had not been interrupted."""
        saved = read_checkpoint(filename)
        on_first(lambda: self._check_unfinished(filename, saved))
        fresh = Numbers(self)
        keys = [state.keys() for state in fresh.schedules]
        if keys and keys != [getattr(state, 'keys', dict)() for state in saved['param_schedulers']]:
            raise InputError(f'{filename} cannot be resumed: its schedules are not of this config.')
        with explained(f'{filename} cannot be resumed'):
            super().resume(filename, *args, **kwargs)
        self._check_fits(filename, fresh)
        self._follow(fresh, saved['meta'])
        self.start = on_first(lambda: resumed_start(Path(filename), saved['meta']))

    def _check_fits(self, path: str, fresh: Numbers) -> None:
        optimizer = getattr(self.optim_wrapper, 'optimizer', None)  # None: there are several
        states, defaults = (optimizer.state, optimizer.defaults) if optimizer else ({}, {})
        fits = [
            tensor is None or isinstance(tensor, Tensor) and tensor.shape == parameter.shape
            for parameter, state in states.items()
            for tensor in ([state.get(k) for k in MOMENTS] if isinstance(state, dict) else [state])
        ]
        lost = any(map(defaults.get, ('momentum', 'betas'))) and self.iter and not states
        loaded = Numbers(self)
        same = alike(fresh.groups, loaded.groups) and alike(fresh.schedules, loaded.schedules)
        if lost or not all(fits) or not same:
            raise InputError(
                f'{path} cannot be resumed: its optimizer or its schedules are not those of '
                'this config. Give the config of its run, or start anew.'
            )

    def _follow(self, fresh: Numbers, meta: dict) -> None:
        """Go on with the settings of this config, and say what they change."""
        loaded, wanted = Numbers(self), fresh.settings()
        numbers = changes({k: loaded.settings().get(k) for k in wanted}, wanted)
        told = changes(meta['settings'], settings_of(self)) if 'settings' in meta else numbers
        if told:
            self.logger.warning(f'resumed with other settings: {"; ".join(told)}')
        if numbers:
            reschedule(self, fresh)
            rates = [', '.join(f'{r:.6g}' for r in n.rates) for n in (loaded, Numbers(self))]
            self.logger.warning(
                f'the schedule is computed anew from these settings: at step {self.iter} the '
                f'learning rates are {rates[1]}, and were {rates[0]}'
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
        epochs, meta = isinstance(self.train_loop, EpochBasedTrainLoop), saved['meta']
        unit, limit = ('epoch', self.max_epochs) if epochs else ('iter', self.max_iters)
        if meta[unit] >= limit and not self.resumes_finished:
            raise InputError(
                f'nothing to resume: {path} is of {unit} {meta[unit]}, and the run ends '
                f'after {limit}. To train on, give a larger train_cfg.max_{unit}s.'
            )
        check_same_run(self, meta, path)
        steps = meta['epoch'] * len(self.train_dataloader)
        if epochs and meta['iter'] != steps:
            raise InputError(
                f'{path} cannot be resumed: it is of step {meta["iter"]}, and its epoch '
                f'{meta["epoch"]} ends at step {steps} with this config. Give a checkpoint of the '
                'end of an epoch, and the data, batch size and number of processes of its run.'
            )


class _ResumableHook(Hook):
    """Makes each checkpoint one that `resume` takes. Not registered: the Runner adds it."""

    priority = 'LOWEST'  # what other hooks put into it is kept if it is plain

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        facts = dict(facts=facts_of(runner), settings=settings_of(runner))
        checkpoint['meta'] |= facts | dict(log=Path(runner.log_dir).name)
        keep_plain(checkpoint)


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
