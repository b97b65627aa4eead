"""A training step from the keys of its images to the moved weights, in one CUDA graph on a GPU."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import torch
from mmengine.optim import OptimWrapper
from torch import Tensor

from mmbarlow.checkpoints import unwrap
from mmbarlow.datasets.batch_twin_views import MadeViews
from mmbarlow.engine.finite_loss_hook import FiniteLossHook
from mmbarlow.engine.resident_loader import ResidentBatch, ResidentImages
from mmbarlow.engine.resident_rates import TensorRates, use_fused
from mmbarlow.engine.step_guard import Step

WARM_UP = 3  # steps before the one that is captured, in which libraries choose their algorithms

Values = dict[str, Tensor]


class ResidentStep:
    """Draws the images and the views of a batch on the device, and trains on them.

    With `static`, what changes from step to step lies in tensors that never move: the keys of the
    images and the learning rates. A GPU then records the step once and repeats it by one launch:
    images, draws, views, network, loss, backward pass, the guard of `FiniteLossHook`, optimizer.
    The first steps, a smaller last batch, and steps that a hook looks into are the same calls one
    by one, as all are on a CPU.

    Args:
        runner: about to train, with all hooks called.
        source: its images.
        static: see above.
        capture: record the step; on a GPU alone.
    """

    def __init__(self, runner: Any, source: ResidentImages, static: bool, capture: bool) -> None:
        self.runner, self.source = runner, source
        self.static, self.capture = static, capture
        self.watching = [hook for hook in runner.hooks if hasattr(hook, 'watches_step')]
        guards = [hook.guard for hook in runner.hooks if isinstance(hook, FiniteLossHook)]
        self.guard = guards[0] if guards else None
        self.graph: Any = None
        self.warm, self.epoch, self.told = 0, -1, False
        self.restore: Callable[[], object] = lambda: None
        if not static:
            return
        device = source.images.device
        wrapper: OptimWrapper = runner.optim_wrapper
        size = runner.train_dataloader.batch_size
        self.keys = torch.zeros(size, 3, dtype=torch.int64, device=device)
        self.rates = TensorRates(wrapper.optimizer, device)
        if device.type == 'cuda':
            use_fused(wrapper.optimizer, device)
            self.stream = torch.cuda.Stream(device)
        self.clipped: Values = {}
        if wrapper.clip_grad_kwargs:
            wrapper._clip_grad = self._clip_grad  # pyright: ignore
            self.restore = lambda: vars(wrapper).pop('_clip_grad')

    def __call__(self, batch: ResidentBatch, optim_wrapper: OptimWrapper) -> Values:
        """In the place of the model's `train_step`; returns what is to be logged."""
        if batch.reader and self.capture and not self.told:
            self.told = True
            self.runner.logger.warning(
                f'{batch.reader} asks for the views of a batch, so that steps in which it does are '
                'not replayed from a CUDA graph'
            )
        keys: Tensor = batch['keys']
        if self.static:
            self.rates.send()
        if 'inputs' in batch or not self.static or len(keys) != len(self.keys):
            return self._run(keys, dict.get(batch, 'inputs'))
        self.keys.copy_(keys)
        if not self.capture or any(hook.watches_step for hook in self.watching):
            return self._run(self.keys)
        return self._replayed()

    def _run(self, keys: Tensor, views: list[Tensor] | None = None) -> Values:
        """The whole step, one call after the other; with views, from these on."""
        batch = dict(inputs=MadeViews(views or self.source.make(keys)), data_samples=None)
        with self.rates.used() if self.static else nullcontext():
            model, wrapper = self.runner.model, self.runner.optim_wrapper
            values = model.train_step(batch, optim_wrapper=wrapper)
        if self.static:
            values |= self.clipped
        return values

    def _clip_grad(self) -> None:
        """MMEngine's, which logs the norm as a number and so waits for it."""
        wrapper = self.runner.optim_wrapper
        params = [p for group in wrapper.optimizer.param_groups for p in group['params']]
        norm = wrapper.clip_func(
            [p for p in params if p.grad is not None], **wrapper.clip_grad_kwargs
        )
        if norm is not None:  # that of values is None
            self.clipped = {wrapper.grad_name: norm}

    def _replayed(self) -> Values:
        """The step from its graph, which is recorded when the step has been made a few times."""
        if self.epoch != self.runner.epoch:  # between epochs, hooks may give tensors new places
            self.epoch = self.runner.epoch
            if self.graph and self.places != self._places():
                self.graph = None
        if self.graph is None:
            if self.warm < WARM_UP:
                self.warm += 1
                with self._aside():
                    return self._run(self.keys)
            self._record()
            if not self.capture:
                return self._run(self.keys)
        graph: Any = self.graph
        graph.replay()
        if self.guard and self.recorded:
            self.guard.replayed(self.recorded)
        return dict(zip(self.names, self.values.clone().unbind(), strict=True))

    @contextmanager
    def _aside(self) -> Iterator[None]:
        """On the stream that the step is recorded on, as torch asks for."""
        current = torch.cuda.current_stream(self.stream.device)
        self.stream.wait_stream(current)
        with torch.cuda.stream(self.stream):
            yield
        current.wait_stream(self.stream)

    def _record(self) -> None:
        """Record the step, which does not make it. Another thread may be copying a checkpoint."""
        self.graph = torch.cuda.CUDAGraph()
        mode = 'thread_local'
        try:
            with torch.cuda.graph(self.graph, stream=self.stream, capture_error_mode=mode):
                values = self._run(self.keys)
                self.values = torch.stack([v.detach().float().reshape(()) for v in values.values()])
        except RuntimeError as error:
            self.graph, self.capture = None, False
            self.runner.optim_wrapper.zero_grad()
            reason = str(error).splitlines()[0]
            self.runner.logger.warning(f'the step is not replayed from a CUDA graph: {reason}')
            return
        self.names, self.places = list(values), self._places()
        step = self.guard.waiting[-1] if self.guard and self.guard.waiting else None
        self.recorded: Step | None = replace(step) if step else None

    def _places(self) -> list[int]:
        """Where the tensors are that the graph moves."""
        model, optimizer = unwrap(self.runner.model), self.runner.optim_wrapper.optimizer
        kept = [v for state in optimizer.state.values() for v in state.values()]
        tensors = [*model.parameters(), *model.buffers(), *kept]
        return [t.data_ptr() for t in tensors if isinstance(t, Tensor)]
