"""MMEngine's training loop of iterations, which can start at any of them."""

from collections.abc import Iterator
from typing import Any

from mmengine.dataset import InfiniteSampler
from mmengine.runner import IterBasedTrainLoop

from mmbarlow.engine.train_loops import ResumableLoop


class ResumableIterLoop(ResumableLoop, IterBasedTrainLoop):
    """Counts iterations."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dataloader_iterator = _Endless(self)

    def progress(self) -> tuple[int, int]:
        return self._iter, self._max_iters

    def position(self) -> dict[str, int]:
        """Passes through the data, and batches of this one; hooks may take several a step."""
        own = self.dataloader_iterator
        return dict(passes=own.passes, batches=own.batches, validations=self.validations)

    def go_to(self, position: dict[str, int]) -> None:
        super().go_to(position)
        endless = self.keyed is not None and isinstance(self.keyed.own, InfiniteSampler)
        passes, batches = (0, self._iter) if endless else divmod(self._iter, len(self.loader))
        self.dataloader_iterator.passes = position.get('passes', passes)
        self.dataloader_iterator.batches = position.get('batches', batches)

    def run(self) -> Any:
        self.runner.call_hook('before_train')
        self.runner.call_hook('before_train_epoch')
        if self._iter:
            self.dataloader_iterator.start()
            self.runner.resume_generators()
            self.validate_if_due()  # the checkpoint of a step is written before
        while self._iter < self._max_iters and not self.stop_training:
            self.runner.model.train()
            self.run_iter(next(self.dataloader_iterator))
            self.validate_if_due()
        self.runner.call_hook('after_train_epoch')
        self.runner.call_hook('after_train')
        return self.runner.model


class _Endless:
    """The batches of one pass through the data after the other."""

    def __init__(self, loop: ResumableIterLoop) -> None:
        self.loop = loop
        self.passes, self.batches = 0, 0
        self.iterator: Iterator[Any] | None = None

    def start(self) -> None:
        self.iterator = None
        self._set_epoch()
        self.loop.start_reading(self.batches)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self.iterator is None:
            self.iterator = iter(self.loop.dataloader)
            self.loop.has_started()
        try:
            batch = next(self.iterator)
        except StopIteration:
            self.passes, self.batches = self.passes + 1, 0
            self._set_epoch()
            self.iterator = iter(self.loop.dataloader)
            batch = next(self.iterator)
        self.batches += 1
        return batch

    def _set_epoch(self) -> None:
        loader = self.loop.loader
        samplers: list[Any] = [loader.sampler, getattr(loader.batch_sampler, 'sampler', None)]
        for sampler in samplers:
            if hasattr(sampler, 'set_epoch'):
                sampler.set_epoch(self.passes)
