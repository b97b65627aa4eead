"""A step with NaN or Inf moves nothing: known on the device before the optimizer steps."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
import torch.distributed as dist
from mmengine.model import BaseAveragedModel
from mmengine.optim import OptimWrapper
from torch import Tensor, nn
from torch.optim import Optimizer

from mmbarlow.engine.generators import generator_states
from mmbarlow.engine.kept_tensors import KeptTensors, copies, put_back
from mmbarlow.engine.peaks import any_bad, is_set, peaks, state_tensors
from mmbarlow.loss.distributed import world_size
from mmbarlow.loss.errors import told_later

LAG = 2  # steps that the host is ahead of a GPU at most
PATCHED = ('optim_context', 'backward', 'step')


@dataclass
class Step:
    """A training step: how it began, and what the device says of it."""

    number: int  # from 1
    batch: Any
    generators: dict[str, Any]
    told: list[str] = field(default_factory=list)  # what the loss would have raised
    loss: Tensor | None = None
    names: list[str] = field(default_factory=list)  # of parameters with gradients, then buffers
    gradients: int = 0  # how many of `names` are parameters
    peaks: Tensor | None = None  # largest absolute value of each of them
    bad: Tensor | None = None  # 1 if this step or one before it is bad, on the host
    event: Any = None  # when `bad` is there
    counts: list[tuple[dict, str, Any]] = field(default_factory=list)  # of steps, on the host


class StepGuard:
    """Watches the loss, the gradients and the buffers of each step of an optimizer wrapper.

    A step is bad where one of them is not finite, on any process. Then weights and optimizer keep
    their values, and buffers (BN statistics, queues) and averaged networks inside the model
    (momentum encoders) get back those of before the step. On a CPU the host looks at once. On a
    GPU it looks `lag` steps later, when it need not wait; until then a mask on the device keeps
    everything as it was before the bad step. This takes the memory of a second copy of the buffers
    and the averaged networks and, for an optimizer that takes no mask (any but `mmbarlow.LARS` and
    torch's with fused=True), of the weights and its state. The first step is waited for.

    With a loss scaler a gradient that is not finite is normal, and the scaler skips the step; it
    counts from a scale of 1 down, when no scale helps.
    """

    def __init__(self, model: nn.Module, wrappers: list[OptimWrapper], lag: int | None) -> None:
        self.model, self.wrappers = model, wrappers
        self.params = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
        self.device = self.params[0][1].device
        self.devices = [self.device] if self.device.type == 'cuda' else []
        self.lag = lag if lag is not None else LAG if self.device.type == 'cuda' else 0
        averaged = [m for m in model.modules() if isinstance(m, BaseAveragedModel)]
        self.kept = KeptTensors(model, averaged)
        self.mask = torch.zeros((), device=self.device)  # 1 from a bad step to its `acknowledge`
        self.bad = False  # the same, where the host looks at once
        self.waiting: deque[Step] = deque()
        self.originals = [(w, name, getattr(w, name)) for w in wrappers for name in PATCHED]
        for wrapper, name, original in self.originals:
            guarded = partial(getattr(self, f'_{name}'), wrapper, original)
            vars(guarded).update(vars(original))  # MMEngine's schedules mark a `step` that counts
            setattr(wrapper, name, guarded)

    def remove(self) -> None:
        for wrapper, name, original in self.originals:
            setattr(wrapper, name, original)

    def begin(self, number: int, batch: Any) -> None:
        """Before a step."""
        self.kept.save()
        self.waiting.append(Step(number, batch, generator_states(self.devices)))

    def finish(self, look_at_state: bool = False) -> None:
        """After a step; `look_at_state`: is it bad by the weights and the optimizer, too?"""
        if look_at_state:
            self._add(any_bad(state_tensors(self.params, self.wrappers), exact=False))
        step = self.waiting[-1]
        if self.lag:
            self.kept.restore(self.mask)
            pinned = self.device.type == 'cuda'
            step.bad = torch.empty((), dtype=torch.bool, pin_memory=pinned)
            step.bad.copy_(self.mask > 0, non_blocking=True)
            step.event = torch.cuda.current_stream(self.device).record_event() if pinned else None
        else:
            step.bad = torch.tensor(self.bad)
            if self.bad:
                self.kept.restore()

    def bad_step(self, of_all: bool = False) -> Step | None:
        """The first bad step that the host may know of; `of_all`: also of the last `lag` steps."""
        while len(self.waiting) > (0 if of_all else self.lag):
            step = self.waiting.popleft()
            if step.event:
                step.event.synchronize()
            if step.bad is not None and is_set(step.bad):
                for state, key, value in step.counts:
                    state[key] = value
                if hasattr(step.batch, 'as_loaded'):  # its images lie on the device
                    step.batch = step.batch.as_loaded()
                return step
        return None

    def acknowledge(self) -> int:
        """Train on; returns the number of steps after the bad one that went with it."""
        lost = len(self.waiting)
        self.waiting.clear()
        self.mask.zero_()
        self.bad = False
        for wrapper in self.wrappers:
            wrapper.zero_grad()  # what is accumulated may hold NaN
        return lost

    def replayed(self, recorded: Step) -> None:
        """Give the step in progress what the recorded one has left on the device once more."""
        step = self.waiting[-1]
        step.told, step.names, step.gradients = recorded.told, recorded.names, recorded.gradients
        assert recorded.loss is not None
        assert recorded.peaks is not None
        step.loss, step.peaks = recorded.loss.clone(), recorded.peaks.clone()

    @contextmanager
    def _optim_context(
        self, wrapper: OptimWrapper, original: Callable, model: nn.Module
    ) -> Iterator[None]:
        with original(model), told_later() as told:
            yield
        if self.waiting:
            self.waiting[-1].told += told

    def _backward(self, wrapper: OptimWrapper, original: Callable, loss: Tensor, **kwargs) -> None:
        original(loss, **kwargs)
        if not self.waiting:
            return  # not a training step
        step, loss = self.waiting[-1], loss.detach()
        used = [(name, p.grad) for name, p in self.params if p.grad is not None and p.numel()]
        moved = self.kept.floating()
        step.loss, step.gradients = loss, len(used)
        step.names = [name for name, _ in used] + [name for name, _ in moved]
        tensors = [tensor for _, tensor in [*used, *moved]]
        # A CPU is quicker at squares, which may overflow; the few that are bad get a second look.
        step.peaks = peaks(tensors, exact=bool(self.lag))
        if not self.lag and not is_set(step.peaks.isfinite().all()):
            step.peaks = peaks(tensors, exact=True)
        wrong = ~step.peaks.isfinite()
        scale = getattr(getattr(wrapper, 'loss_scaler', None), '_scale', None)
        if scale is not None:
            wrong[: len(used)] &= scale.to(wrong.device) <= 1
        self._add(wrong.any() | ~loss.isfinite().all())

    def _add(self, bad: Tensor) -> None:
        """Have the step of all processes be bad if it is on one of them."""
        flag = bad.to(self.mask)
        if world_size() > 1:
            dist.all_reduce(flag, dist.ReduceOp.MAX)
        if self.lag:
            torch.maximum(self.mask, flag, out=self.mask)
        else:
            self.bad |= is_set(flag > 0)

    def _step(self, wrapper: OptimWrapper, original: Callable, **kwargs) -> None:
        optimizer: Any = wrapper.optimizer
        if not self.lag:
            if not self.bad:
                original(**kwargs)
        elif getattr(wrapper, 'loss_scaler', None):
            # The scaler skips a step with NaN, whatever its optimizer.
            grads = (p.grad for _, p in self.params if p.grad is not None)
            if (grad := next(grads, None)) is not None:
                grad.masked_fill_(self.mask > 0, float('nan'))
            original(**kwargs)
        elif not has_state(optimizer):
            if not is_set(self.mask > 0):
                original(**kwargs)
        elif getattr(optimizer, '_step_supports_amp_scaling', False):
            optimizer.found_inf = self.mask
            try:
                original(**kwargs)
            finally:
                del optimizer.found_inf
        else:
            self.waiting[-1].counts += counts(optimizer, self.device)
            saved = copies(moved_by(optimizer, self.device))
            original(**kwargs)
            put_back(saved, moved_by(optimizer, self.device), self.mask)


def has_state(optimizer: Optimizer) -> bool:
    """Whether the optimizer keeps something of all weights that it moves, as after a first step."""
    moved = (p for group in optimizer.param_groups for p in group['params'] if p.grad is not None)
    return all(p in optimizer.state for p in moved)


def moved_by(optimizer: Optimizer, device: torch.device) -> list[Tensor]:
    """What a step of the optimizer moves on its device."""
    weights = [p.detach() for group in optimizer.param_groups for p in group['params']]
    kept = [v for state in optimizer.state.values() for v in state.values()]
    return weights + [v for v in kept if isinstance(v, Tensor) and v.device == device]


def counts(optimizer: Optimizer, device: torch.device) -> list[tuple[dict, str, Any]]:
    """What it keeps on the host, where no mask reaches: the number of its steps."""
    values = [(state, key, state[key]) for state in optimizer.state.values() for key in state]
    tensors = [(s, k, v.clone()) for s, k, v in values if isinstance(v, Tensor) and v.is_cpu]
    tensors = tensors if device.type != 'cpu' else []
    return tensors + [(s, k, v) for s, k, v in values if isinstance(v, int | float)]
