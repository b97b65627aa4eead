"""Checkpoints that exist whole or not at all."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmbarlow.engine.best_checkpoint import BestCheckpoint
from mmbarlow.engine.numbered_checkpoints import point_to, remove_old
from mmbarlow.engine.saving import SavingRunner
from mmbarlow.engine.shared_clock import SharedClock
from mmbarlow.files import remove_leftovers
from mmbarlow.launch import on_first
from mmbarlow.registry import HOOKS


@HOOKS.register_module()
class CheckpointHook(BestCheckpoint):
    """MMEngine's CheckpointHook, with which no moment is without a good checkpoint.

    A checkpoint is written by a thread from a copy of the state, while the training goes on. It
    appears under its name when it is whole and has been read back; `last_checkpoint` names it then,
    and older ones are removed after that, those of before a restart too.

    Args:
        minutes: write one also when so many have passed since the last, at whatever step that is;
            0: at the `interval` alone. With `interval=-1`, minutes alone count.
        kwargs: those of MMEngine's.
    """

    def __init__(self, *args: Any, minutes: float = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.minutes = minutes
        self.clock: SharedClock | None = None
        self.due = False

    def before_train(self, runner) -> None:
        super().before_train(runner)
        self.saved = runner.iter  # what is resumed is on the disk
        self.clock = SharedClock(self.minutes) if self.minutes > 0 else None
        if self._is_local(runner):
            on_first(self._prepare_folder)

    def _prepare_folder(self) -> None:
        Path(self.out_dir).mkdir(parents=True, exist_ok=True)
        remove_leftovers(Path(self.out_dir))

    def _is_local(self, runner) -> bool:
        """Whether it is for us to write: not to a store of objects, nor for another Runner."""
        remote = self.file_client_args or self.backend_args or '://' in str(self.out_dir)
        return isinstance(runner, SavingRunner) and not remote

    def save_now(self, runner) -> Path:
        """Write a checkpoint of the step that has just ended, and return when it is on disk.

        To be called in `after_train_iter`, by all processes. The file is `iter_N.pth`, N steps
        being complete.
        """
        path = self._save_between(runner, copy=False)
        on_first(runner.writer.wait)
        return path

    def save_done(self, runner) -> None:
        """Have the steps that are done on disk, unless they are: after an epoch or a step of it."""
        if self.saved != runner.iter:
            meta = dict(epoch=runner.epoch, iter=runner.iter)
            self._save(runner, f'iter_{runner.iter}.pth', meta, by_epoch=False)
        on_first(runner.writer.wait)

    def _save_between(self, runner, copy: bool = True) -> Path:
        step = runner.iter + 1
        runner.logger.info(f'Saving checkpoint at {step} iterations')
        meta = dict(epoch=runner.epoch, iter=step, between=True)
        return self._save(runner, f'iter_{step}.pth', meta, by_epoch=False, copy=copy)

    def _save_checkpoint_with_step(self, runner, step: int, meta: dict) -> None:
        if self._is_local(runner):
            self._save(runner, self.filename_tmpl.format(step), meta, self.by_epoch)
        else:
            super()._save_checkpoint_with_step(runner, step, meta)

    def _save(self, runner, name: str, meta: dict, by_epoch: bool, copy: bool = True) -> Path:
        path = Path(self.out_dir, name)
        self.last_ckpt, self.saved, self.due = str(path), meta['iter'], False
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        if self.clock:
            self.clock.restart()
        runner.save_checkpoint(
            self.out_dir,
            name,
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            meta=meta,
            by_epoch=by_epoch,
            then=self._follow_up(runner),
            copy=copy,
            **self.args,
        )
        return path

    def _follow_up(self, runner) -> Callable[[Path], object]:
        numbers = re.sub(r'\\\{.*?\\\}', r'\\d+', re.escape(self.filename_tmpl))
        pattern, replaces = re.compile(numbers), runner.start['replaces']

        def follow_up(path: Path) -> None:
            point_to(path, runner.work_dir)
            remove_old(path, self.max_keep_ckpts, pattern, replaces)

        return follow_up

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Raises InputError if the last checkpoint could not be written."""
        if self._is_local(runner):
            runner.writer.check()
        super().after_train_iter(runner, batch_idx, data_batch, outputs)
        if self.clock and self._is_local(runner):
            self.due = self.clock.has_passed() or self.due
            last = self.by_epoch and self.end_of_epoch(runner.train_dataloader, batch_idx)
            if self.due and not last:  # after the last step, the epoch's own is next
                self._save_between(runner)

    def after_train_epoch(self, runner) -> None:
        super().after_train_epoch(runner)
        if self.due:
            self._save_checkpoint(runner)

    def after_train(self, runner) -> None:
        """Raises InputError if the last checkpoint could not be written."""
        if self.clock:
            self.clock.finish()
        if self._is_local(runner):
            if self.save_last:
                self.save_done(runner)  # as after an early stop
            on_first(runner.writer.wait)
        super().after_train(runner)
