"""Resuming a run: from a complete checkpoint of this recipe, or not at all."""

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import BaseLoop

from mmbarlow.checkpoints import keep_plain, read_checkpoint
from mmbarlow.config_files import explained
from mmbarlow.engine.agreement import check_same_state
from mmbarlow.engine.buckets import settle_buckets
from mmbarlow.engine.iter_loop import ResumableIterLoop
from mmbarlow.engine.log_state import forget_old_values
from mmbarlow.engine.parallel import ParallelRunner
from mmbarlow.engine.rescheduling import Numbers, reschedule
from mmbarlow.engine.restarts import jobs
from mmbarlow.engine.resume_checks import check_fits_run, check_unfinished, position_in
from mmbarlow.engine.run_facts import facts_of, versions_of
from mmbarlow.engine.run_settings import changed_settings, changes, settings_of
from mmbarlow.engine.run_state import collect_state, forget_other_runs, resume_state
from mmbarlow.engine.saving import SavingRunner
from mmbarlow.engine.starts import later_than_all, resumed_start
from mmbarlow.engine.train_loops import ResumableEpochLoop, ResumableLoop
from mmbarlow.errors import InputError
from mmbarlow.files import write_atomically
from mmbarlow.launch import on_first
from mmbarlow.loss.distributed import rank
from mmbarlow.zoo.curve import START

OWN_LOOPS = dict(EpochBasedTrainLoop=ResumableEpochLoop, IterBasedTrainLoop=ResumableIterLoop)


class ResumingRunner(SavingRunner, ParallelRunner):
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
        self.resume_generators: Callable[[], object] = lambda: None  # called by the loop
        self.register_hook(_ResumableHook())

    def setup_env(self, env_cfg: dict) -> None:
        super().setup_env(env_cfg)
        self._timestamp = on_first(lambda: later_than_all(self._timestamp, self._work_dir))

    @functools.cached_property
    def facts(self) -> dict[str, Any]:
        """What may not change within a run; to be asked for once the optimizer is built."""
        return facts_of(self)

    def build_train_loop(self, loop: Any) -> BaseLoop:
        if not isinstance(loop, dict):
            return super().build_train_loop(loop)
        entries = dict(loop)
        entries.pop('_scope_', None)  # which configs of other packages have
        kind = entries.pop('type', None) or (
            'EpochBasedTrainLoop' if entries.pop('by_epoch') else 'IterBasedTrainLoop'
        )
        own = OWN_LOOPS.get(kind)
        if own is None:
            return super().build_train_loop(loop)
        return own(self, self._train_dataloader, **entries)

    def save_checkpoint(self, *args: Any, **kwargs: Any) -> None:
        """All processes must call it: the first one writes the state of all."""
        self.state = collect_state(self)
        super().save_checkpoint(*args, **kwargs)

    def load_or_resume(self) -> None:
        settle_buckets(self.model)
        if not self._resume:
            forget_other_runs(self)
        super().load_or_resume()
        check_same_state(self)
        if rank() == 0:
            write_atomically(
                Path(self.log_dir, START), json.dumps(self.start | dict(jobs=sorted(jobs())))
            )
        self.started()

    def resume(self, filename: str, *args: Any, **kwargs: Any) -> None:
        """Raises InputError if the run cannot go on as if it had not been interrupted."""
        saved = read_checkpoint(filename)
        on_first(lambda: check_unfinished(self, filename, saved))
        fresh = Numbers(self)
        keys = [state.keys() for state in fresh.schedules]
        if keys and keys != [getattr(state, 'keys', dict)() for state in saved['param_schedulers']]:
            raise InputError(f'{filename} cannot be resumed: its schedules are not of this config.')
        with explained(f'{filename} cannot be resumed'):
            super().resume(filename, *args, **kwargs)
            if isinstance(self.train_loop, ResumableLoop):
                self.train_loop.go_to(position_in(saved))
            if 'run' in saved:
                resume_state(self, saved['run'])
            elif waiting := self.iter % getattr(self.optim_wrapper, '_accumulative_counts', 1):
                self.logger.warning(
                    f'{filename} lacks the gradients of the last {waiting} batches.'
                )
        check_fits_run(self, filename, fresh)
        self._follow(fresh, saved['meta'])
        self.start = on_first(lambda: resumed_start(Path(filename), saved['meta']))

    def _follow(self, fresh: Numbers, meta: dict) -> None:
        """Go on with the settings of this config, and say what they change."""
        loaded, wanted = Numbers(self), fresh.settings()
        numbers = changes({k: loaded.settings().get(k) for k in wanted}, wanted)
        told = changed_settings(meta, self.cfg) if 'settings' in meta else numbers
        if told:
            self.logger.warning(f'resumed with other settings: {"; ".join(told)}')
        versions = meta.get('versions')
        if versions and (other := changes(versions, versions_of(self))):
            self.logger.warning(
                f'resumed with another environment: {"; ".join(other)}. From here on '
                'numbers are not promised to be equal bit for bit.'
            )
        if numbers:
            reschedule(self, fresh)
            rates = [', '.join(f'{r:.6g}' for r in n.rates) for n in (loaded, Numbers(self))]
            self.logger.warning(
                f'the schedule is computed anew from these settings: at step {self.iter} the '
                f'learning rates are {rates[1]}, and were {rates[0]}'
            )


class _ResumableHook(Hook):
    """Makes each checkpoint one that `resume` takes. Not registered: the Runner adds it."""

    priority = 'LOWEST'  # what other hooks put into it is kept if it is plain

    def before_train(self, runner) -> None:
        # Now, since the images may be gone when a checkpoint is written.
        _ = runner.facts

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        if self.every_n_train_iters(runner, 100):
            forget_old_values(runner)

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        checkpoint['meta'] |= dict(
            facts=runner.facts,
            settings=settings_of(runner.cfg),
            versions=versions_of(runner),
            log=Path(runner.log_dir).name,
        )
        checkpoint['run'] = runner.state
        keep_plain(checkpoint)
