"""Training loops that can start at any step: what they share, and MMEngine's of epochs."""

from collections.abc import Callable
from typing import Any

import torch
from mmengine.runner import BaseLoop, EpochBasedTrainLoop
from torch.utils.data import DataLoader

from mmbarlow.datasets.keyed_batches import use_keyed_batches
from mmbarlow.datasets.seeded_pipeline import seed_pipelines


class ResumableLoop(BaseLoop):
    """What they have in common.

    `position` says in plain values where the loop is within the data, which checkpoints hold;
    `go_to` takes it when they are resumed. The loop calls `resume_generators` of its runner when
    all that a start draws is drawn.
    """

    runner: Any
    dataloader: Any  # a hook may replace it

    def __init__(self, runner: Any, dataloader: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(runner, dataloader, *args, **kwargs)
        self.loader: DataLoader = self.dataloader
        seed_pipelines(self.loader.dataset)
        self.keyed = use_keyed_batches(self.loader)
        self.validations = 0
        self.silent = False  # whether the next iterator over the data draws nothing

    def go_to(self, position: dict[str, int]) -> None:
        self.validations = position.get('validations', 0)
        for loader in vars(self.runner.val_loop).values() if self.validations else ():
            if isinstance(loader, DataLoader) and loader.persistent_workers:
                loader.generator = torch.Generator()  # see `start_reading`

    def validate_if_due(self) -> None:
        self._decide_current_val_interval()  # pyright: ignore
        loop, done, last = self.runner.val_loop, *self.progress()
        begin, interval = self.val_begin, self.val_interval  # pyright: ignore
        if loop is not None and done >= begin and (done % interval == 0 or done == last):
            loop.run()
            self.validations += 1

    def progress(self) -> tuple[int, int]:
        """What is done and what is to be done, in epochs or iterations."""
        raise NotImplementedError

    def start_reading(self, skip: int) -> None:
        """Have the next pass through the data begin after `skip` batches.

        torch draws a number from the process's generator for each iterator over a loader. The run
        that is resumed has drawn it already, so that here it comes from another generator.
        """
        if self.keyed is not None:
            self.keyed.skip = skip
        if self.loader.generator is None:
            self.silent, self.loader.generator = True, torch.Generator()

    def has_started(self) -> None:
        """To be called when the iterator over the data is there."""
        if self.silent and not self.loader.persistent_workers:
            self.silent, self.loader.generator = False, None


class ResumableEpochLoop(ResumableLoop, EpochBasedTrainLoop):
    """Counts epochs."""

    step: Callable[..., dict] | None = None  # that a hook has put in the place of `train_step`

    def run_iter(self, idx: int, data_batch: Any) -> None:
        if self.step is None:
            super().run_iter(idx, data_batch)
            return
        now = dict(batch_idx=idx, data_batch=data_batch)
        self.runner.call_hook('before_train_iter', **now)
        outputs = self.step(data_batch, optim_wrapper=self.runner.optim_wrapper)
        self.runner.call_hook('after_train_iter', **now, outputs=outputs)
        self._iter += 1

    def progress(self) -> tuple[int, int]:
        return self._epoch, self._max_epochs

    def position(self) -> dict[str, int]:
        """The steps of an epoch; how many are done, epochs and iterations tell."""
        return dict(steps=len(self.dataloader), validations=self.validations)

    def go_to(self, position: dict[str, int]) -> None:
        super().go_to(position)
        if self._epoch and self.loader.persistent_workers:
            self.start_reading(0)

    @property
    def done(self) -> int:
        """Steps of this epoch."""
        return self._iter - self._epoch * len(self.dataloader)

    def run(self) -> Any:
        self.runner.call_hook('before_train')
        if self._iter and not self.done:
            # The checkpoint of an epoch is written before its validation.
            self.runner.resume_generators()
            self.validate_if_due()
        while self._epoch < self._max_epochs and not self.stop_training:
            self.run_epoch()
            self.validate_if_due()
        self.runner.call_hook('after_train')
        return self.runner.model

    def run_epoch(self) -> None:
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        start = self.done
        if start:
            self.start_reading(start)
            self.runner.resume_generators()
        for number, batch in enumerate(self.dataloader, start):
            self.has_started()
            self.run_iter(number, batch)
        self.has_started()  # without a batch, if only the end of the epoch is left
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1
