"""The best checkpoint of a run, chosen with or without labels: docs/choosing.md."""

import math
import re
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop

from mmbarlow.checkpoints import read_checkpoint
from mmbarlow.engine.export_hook import ExportHook, encoder_texts
from mmbarlow.engine.numbered_checkpoints import is_unchanged
from mmbarlow.errors import InputError
from mmbarlow.evaluation.checkpoint_criteria import CRITERIA, LAYERS, measure_criterion
from mmbarlow.evaluation.feature_loop import FeatureLoop
from mmbarlow.evaluation.image_bank import FEWEST, ImageBank
from mmbarlow.files import write_atomically
from mmbarlow.launch import on_first
from mmbarlow.registry import HOOKS


@HOOKS.register_module()
class BestCheckpointHook(Hook):
    """Keeps the checkpoint that is best by one criterion, and exports its backbone at the end.

    At each look it measures a fixed bank of training images in fixed views (`ImageBank`), in eval
    mode; of a moving average (MMEngine's EMAHook) if there is one. Nothing that the training draws
    or learns changes. The best checkpoint so far is `best_BY_epoch_N.pth`, or `best_BY_iter_N.pth`
    between epochs; it is a complete one that can be resumed. One that it replaces is removed once
    the new one is on the disk, and no numbered checkpoint that a resumed run could start from has
    it as the best. The backbone of the best is `best_BY_encoder.pth`; `NAME_backbone.pth` is that
    of the last step, as always.

    Args:
        by: 'rankme' and 'lidar' (higher is better), 'alpha' (nearest to 1), 'loss_over_floor' (the
            loss of the bank as one batch minus its floor, for each dimension; lower is better), or
            'knn', the top-1 of the recipe's labeled images (higher is better).
        interval: epochs, or steps, between two looks; the last one is looked at, too.
        by_epoch: whether `interval` counts epochs; by default as the training does.
        images: of the bank, at most; drawn by the run's seed.
        views: of each image; by default 4 for LiDAR and 2 for the others.
        of: 'embeddings', of the projector, or 'representations', of the backbone; the criteria were
            made for both. The loss is of embeddings.

    Raises:
        InputError: there is no such criterion or layer; a number is too small.
    """

    priority = 'LOW'  # before CheckpointHook, whose checkpoints remember what was best
    kept = ('best',)  # in every checkpoint: `engine.run_state`

    def __init__(
        self,
        by: str = 'loss_over_floor',
        interval: int = 1,
        by_epoch: bool | None = None,
        images: int = 2000,
        views: int | None = None,
        of: str = 'embeddings',
    ) -> None:
        for name, value, allowed in (('by', by, tuple(CRITERIA)), ('of', of, LAYERS)):
            if value not in allowed:
                raise InputError(f'BestCheckpointHook has {name}={value!r}: take one of {allowed}.')
        views = (4 if by == 'lidar' else 2) if views is None else views
        if interval < 1 or images < FEWEST or views < 2:
            raise InputError(
                f'BestCheckpointHook has interval={interval}, images={images} and views={views}: '
                f'take an interval of 1 or more, {FEWEST} images or more and 2 views or more.'
            )
        if by == 'loss_over_floor' and of == 'representations':
            raise InputError("the loss is of embeddings: leave of='representations' out.")
        self.by, self.of, self.interval, self.by_epoch = by, of, interval, by_epoch
        self.images, self.views = images, views
        self.better, self.score = CRITERIA[by]
        self.best: dict[str, Any] = {}
        self.remembered = ''  # the best one that the last numbered checkpoint knows of
        self.saving = False

    def check_before_training(self, runner) -> None:
        """Raises InputError before the first step if the criterion cannot be measured."""
        if self.by_epoch is None:
            self.by_epoch = isinstance(runner.train_loop, EpochBasedTrainLoop)
        if self.by == 'knn':
            if not isinstance(runner.val_loop, FeatureLoop):
                raise InputError(
                    "by='knn' needs labeled images, and this recipe has no val_dataloader with a "
                    "mmbarlow.FeatureLoop: give them, or take by='loss_over_floor'."
                )
        else:
            measure_criterion(runner, self.by, self.of, self._bank(runner, FEWEST))

    def before_train(self, runner) -> None:
        self.bank = self._bank(runner, self.images)
        self.folder = Path(runner.work_dir)
        if self.best and (self.best['by'], self.best['of']) != (self.by, self.of):
            self.best = {}  # of another criterion, which the resumed run had
        if self.best and not on_first((self.folder / self.best['file']).is_file):
            runner.logger.warning(
                f'{self.best["file"]}, the best checkpoint by {self.by} so far, is not in '
                f'{self.folder}: the best one is that of the steps from here on.'
            )
            self.best = {}
        self.remembered = self.best.get('file', '')

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        last = runner.iter + 1 == runner.max_iters
        if not self.by_epoch and (self.every_n_train_iters(runner, self.interval) or last):
            self._look(runner, dict(epoch=runner.epoch, iter=runner.iter + 1), 'iter')

    def after_train_epoch(self, runner) -> None:
        last = runner.epoch + 1 == runner.max_epochs
        if self.by_epoch and (self.every_n_epochs(runner, self.interval) or last):
            self._look(runner, dict(epoch=runner.epoch + 1, iter=runner.iter), 'epoch')

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        if not self.saving:
            self.remembered = self.best.get('file', '')

    def after_train(self, runner) -> None:
        """Export the best; raises InputError if it could not be written."""
        on_first(runner.writer.wait)
        on_first(lambda: self._finish(runner))

    def _look(self, runner, at: dict[str, int], unit: str) -> None:
        value = measure_criterion(runner, self.by, self.of, self.bank)
        number = self.score(value)
        found = f'{self.by} of the {self.of} is {value:.6g} at {unit} {at[unit]}'
        if math.isnan(number) or (self.best and number <= self.score(self.best['value'])):
            best = f'the best is {self.best["value"]:.6g} at {self.best["at"]}' if self.best else ''
            runner.logger.info(f'{found}; {best or "no checkpoint is best by that"}')
            return
        name, keep = f'best_{self.by}_{unit}_{at[unit]}.pth', self.remembered
        self.best = dict(by=self.by, of=self.of, value=value, file=name, at=f'{unit} {at[unit]}')
        runner.logger.info(f'{found}: the best so far, {name}')
        self.saving = True
        runner.save_checkpoint(
            str(self.folder),
            name,
            meta=at,
            by_epoch=unit == 'epoch',
            then=lambda path: self._remove_others(runner, {path.name, keep}),
        )
        self.saving = False

    def _bank(self, runner, images: int) -> ImageBank | None:
        if self.by == 'knn':
            return None
        loader = getattr(runner.train_loop, 'loader', runner.train_dataloader)
        return ImageBank(loader, runner.seed, images, self.views)

    def _remove_others(self, runner, keep: set[str]) -> None:
        """Those of this run and criterion; those of a run that is replaced go with it."""
        own = re.compile(rf'best_{self.by}_(epoch|iter)_\d+\.pth')
        for path in self.folder.glob(f'best_{self.by}_*.pth'):
            if own.fullmatch(path.name) and path.name not in keep:
                with suppress(OSError):
                    if not is_unchanged(path, runner.start['replaces']):
                        path.unlink()

    def _finish(self, runner) -> None:
        if not self.best:
            runner.logger.warning(f'no checkpoint is best by {self.by}, which was never a number.')
            return
        self._remove_others(runner, {self.best['file'], self.remembered})
        exports = [hook for hook in runner.hooks if isinstance(hook, ExportHook)]
        about = exports[0].about(runner) if exports else dict(seed=runner.seed)
        chosen = {k: v for k, v in self.best.items() if k != 'file'}
        weights = read_checkpoint(self.folder / self.best['file'])['state_dict']
        for name, text in encoder_texts(runner).items():
            prefix = f'modalities.{name}.backbone.' if name else 'backbone.'
            state = {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}
            path = self.folder / f'best_{self.by}_encoder{f".{name}" * bool(name)}.pth'
            content = dict(state_dict=state, meta=dict(encoder=text, chosen=chosen, **about))
            write_atomically(path, partial(torch.save, content))
            runner.logger.info(
                f'Backbone of the best checkpoint by {self.by} ({self.better}; '
                f'{self.best["value"]:.6g} at {self.best["at"]}): {path}. That of the last step '
                'follows.'
            )
