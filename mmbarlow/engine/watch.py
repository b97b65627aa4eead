"""Hooks on every module and gradient of a network, which notice the first NaN or Inf."""

from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.utils._pytree import tree_leaves


class Watch:
    """A context in which a forward and a backward pass are watched.

    Attributes:
        verdict: where the first number that is not finite arises, once one has.
        forward: the largest absolute value of the output of each module, in the order of calls.
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.verdict: str | None = None
        self.forward: dict[str, float] = {}
        self.handles: list[Any] = []
        self.bad_outputs: set[object] = set()  # calls whose output has a bad gradient
        self.first: Tensor | None = None  # the first bad gradient
        self.calls: list[object] = []  # that run now

    def __enter__(self) -> 'Watch':
        for name, module in self.model.named_modules():
            if name:  # the whole is told of by its parts
                where = f'{name} ({type(module).__name__})'
                self.handles += [
                    module.register_forward_pre_hook(partial(self._before, where)),
                    module.register_forward_hook(partial(self._after, name, where)),
                ]
        for name, p in self.model.named_parameters():
            if p.requires_grad:
                self.handles.append(p.register_hook(partial(self._of_parameter, name)))
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self.handles:
            handle.remove()

    def _before(self, where: str, module: nn.Module, inputs: Any) -> None:
        call = object()
        self.calls.append(call)
        for x in numbers(inputs):
            if not self.verdict and not x.isfinite().all():
                self.verdict = f'it arises in the forward pass, between modules, before {where}'
            if x.requires_grad:
                self.handles.append(x.register_hook(partial(self._of_input, where, call)))

    def _after(self, name: str, where: str, module: nn.Module, inputs: Any, outputs: Any) -> None:
        call = self.calls.pop()
        for x in numbers(outputs):
            peak = float(x.detach().abs().max())
            self.forward[name] = max(peak, self.forward.get(name, 0.0), key=size)
            if not self.verdict and not x.isfinite().all():
                self.verdict = f'it arises in the forward pass, in the output of {where}'
            if x.requires_grad:
                self.handles.append(x.register_hook(partial(self._of_output, where, call)))
        for key, buffer in module.named_buffers(recurse=False):
            if not self.verdict and not buffer.isfinite().all():
                self.verdict = f'it arises in the forward pass, in the buffer {key} of {where}'

    def _of_output(self, where: str, call: object, grad: Tensor) -> None:
        if not grad.isfinite().all():
            self.bad_outputs.add(call)
            if not self.verdict:
                self.first = grad
                self.verdict = (
                    f'it arises in the backward pass, in the loss or between modules, after {where}'
                )

    def _of_input(self, where: str, call: object, grad: Tensor) -> None:
        # Of one tensor all hooks get the same gradient: first that of the module that has made it,
        # then those of the modules that it was given to, the innermost last.
        same = grad is self.first
        good_before = call not in self.bad_outputs
        if (same or not self.verdict) and good_before and not grad.isfinite().all():
            self.first = grad
            self.verdict = f'it arises in the backward pass, in the gradient of {where}'

    def _of_parameter(self, name: str, grad: Tensor) -> None:
        if not self.verdict and not grad.isfinite().all():
            self.verdict = f'it arises in the backward pass, in the gradient of parameter {name}'


def numbers(values: Any) -> list[Tensor]:
    """The tensors of floating point numbers in arguments or results."""
    found = [x for x in tree_leaves(values) if isinstance(x, Tensor)]
    return [x for x in found if x.is_floating_point() and x.numel()]


def size(peak: float) -> float:
    """For comparisons: NaN is larger than all else."""
    return float('inf') if peak != peak else peak
