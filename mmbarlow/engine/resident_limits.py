"""What keeps a step from being repeated as a CUDA graph, in a sentence."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.optim import AmpOptimWrapper, OptimWrapper
from torch import nn

from mmbarlow.checkpoints import unwrap
from mmbarlow.engine.bf16 import BF16OptimWrapper, has_bf16
from mmbarlow.engine.resident_rates import takes_tensors
from mmbarlow.loss.distributed import world_size

OWN = ('mmbarlow', 'torch', 'mmengine')  # whose calls in modules are known: see `watches_step`
HOOKS_OF_MODULES = ('_forward_hooks', '_forward_pre_hooks', '_backward_hooks')
WITH_GRAPHS = ('reduce-overhead', 'max-autotune')  # modes of torch.compile that have their own


def obstacles(runner: Any) -> Iterator[str]:
    """Each reason why the steps of a run are not the same calls again and again."""
    if world_size() > 1:
        yield 'several processes exchange gradients in every step'
    wrapper = runner.optim_wrapper
    if not isinstance(wrapper, OptimWrapper):
        yield f'{type(wrapper).__name__} has several optimizers'
        return
    yield from _of_optimizer(wrapper)
    schedules = runner.param_schedulers
    names = {s.param_name for s in schedules if s.param_name != 'lr'} if schedules else set()
    for name in sorted(names):
        yield f'a schedule changes {name}, and in a graph only the learning rate can change'
    yield from _of_model(unwrap(runner.model))
    for hook in runner.hooks:
        if getattr(hook, 'watches_every_step', False):
            yield f'{type(hook).__name__} needs Python in every step'


def _of_optimizer(wrapper: OptimWrapper) -> Iterator[str]:
    if isinstance(wrapper, AmpOptimWrapper):
        yield (
            'this card has no bf16 of its own, and fp16 needs a loss scaler, which looks at every '
            'step: leave --amp out to compute in fp32'
        )
    if isinstance(wrapper, BF16OptimWrapper) and torch.cuda.is_available() and not has_bf16('cuda'):
        yield 'this card emulates bf16: leave --amp out to compute in fp32'
    if wrapper._accumulative_counts > 1:
        yield 'gradients of several batches are added up (accumulative_counts)'
    if not takes_tensors(wrapper.optimizer):
        kind = type(wrapper.optimizer).__name__
        yield f'{kind} takes learning rates as numbers alone: take mmbarlow.LARS, SGD or AdamW'


def _of_model(model: Any) -> Iterator[str]:
    for part in (model, getattr(model, 'head', None)):
        if not vars(type(part)).get('same_calls'):  # of the class itself: heirs may do more
            kind = type(part).__name__
            yield f'{kind} is not known to do the same in every step, without numbers from Python'
            return
    if model.chunk_size is not None:
        yield 'model.chunk_size runs the network in two passes that the CPU leads'
    if model.compile_options.get('mode') in WITH_GRAPHS:
        mode = model.compile_options['mode']
        yield f"compile.mode={mode} has CUDA graphs of its own: take 'default'"
    for name, module in model.named_modules():
        for call in _calls(module):
            owner = getattr(call, '__self__', None)
            kind = type(owner).__name__ if isinstance(owner, Hook) else _name_of(call)
            yield f'{kind} needs Python in every step, in {name or "the model"}'


def _calls(module: nn.Module) -> Iterator[Callable]:
    """What others have hung into a module."""
    for kind in HOOKS_OF_MODULES:
        for call in getattr(module, kind).values():
            call = call.func if isinstance(call, partial) else call
            if getattr(call, '__module__', '').split('.')[0] not in OWN:
                yield call


def _name_of(call: Any) -> str:
    return getattr(call, '__qualname__', type(call).__name__)
