"""What a run needs to go on that MMEngine's checkpoints lack, as plain values."""

import copy
import hashlib
from typing import Any

import torch
from mmengine import dist
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor, nn

from mmbarlow.checkpoints import is_plain, unwrap
from mmbarlow.engine.generators import derive_generators, generator_states, set_generators
from mmbarlow.engine.log_state import resume_log, state_of_log

# Attributes of hooks that change while a run goes on. Hooks of ours name them in `kept`.
KEPT = dict(EarlyStoppingHook=('best_score', 'wait_count'), SwAVHook=('queue',))


def collect_state(runner: Runner) -> dict[str, Any]:
    """The state on all processes, complete on the first one. All processes must call it."""
    buffers = _buffers(runner)
    own = _digests(buffers)
    first = [own]
    dist.broadcast_object_list(first)
    differ = {name: buffers[name].cpu() for name in own if own[name] != first[0].get(name)}
    process = dict(
        generators=generator_states(devices_of(runner)),
        buffers=differ,
        gradients=_gradients(runner),
        hooks={name: _kept(hook) for name, hook in _hooks(runner)},
    )
    position = getattr(runner.train_loop, 'position', dict)()
    processes = dist.gather_object(process)
    return dict(position=position, processes=processes, **state_of_log(runner))


def resume_state(runner: Any, saved: dict[str, Any]) -> None:
    """Give a runner what `collect_state` has returned, but for the position of its loop.

    The generators get their states when the loop asks for them.
    """
    processes, devices = saved['processes'], devices_of(runner)
    same = len(processes) == dist.get_world_size()
    resume_process(runner, processes)
    resume_log(runner, saved)

    def resume_generators() -> None:
        if same:
            set_generators(processes[dist.get_rank()]['generators'], devices)
        else:
            number = dist.get_rank() if runner._randomness_cfg.get('diff_rank_seed') else 0
            derive_generators(runner.seed, runner.iter, number, devices)

    resume_generators()  # once now, to see that they fit
    runner.resume_generators = resume_generators
    if not same:
        runner.logger.warning(
            f'the checkpoint is of {len(processes)} processes, and this run has '
            f'{dist.get_world_size()}: random numbers start anew from the seed, and each process '
            "has the mean of the others' statistics of BN."
        )


def forget_other_runs(runner: Runner) -> None:
    """Of a fresh start: mmpretrain's hook takes the queue that an earlier run has left there."""
    for _, hook in _hooks(runner):
        if type(hook).__name__ == 'SwAVHook':
            hook.queue = None  # pyright: ignore[reportAttributeAccessIssue]


def resume_process(runner: Runner, saved: list[dict[str, Any]]) -> None:
    """Give this process what it had, but for generators; of other processes, their mean.

    Args:
        saved: `processes` of `collect_state`.
    """
    same = len(saved) == dist.get_world_size()
    buffers, own = _buffers(runner), dist.get_rank()
    for name in {name for process in saved for name in process['buffers']}:
        theirs = [process['buffers'].get(name, buffers[name].cpu()) for process in saved]
        buffers[name].copy_(theirs[own] if same else _mean(theirs))
    gradients = [process['gradients'] for process in saved]
    for name, parameter in unwrap(runner.model).named_parameters():
        if name in gradients[0]:
            value = gradients[own][name] if same else _mean([g[name] for g in gradients])
            parameter.grad = value.to(parameter)
    for name, hook in _hooks(runner):
        for key, value in saved[own if same else 0]['hooks'].get(name, {}).items():
            device = next(runner.model.parameters()).device
            setattr(hook, key, value.to(device) if isinstance(value, Tensor) else value)


def devices_of(runner: Runner) -> list[torch.device]:
    """The CUDA devices of the model."""
    devices = {p.device for p in runner.model.parameters() if p.device.type == 'cuda'}
    return sorted(devices, key=str)


def _buffers(runner: Runner) -> dict[str, Tensor]:
    """Those of the model and of averages of it that hooks keep."""
    model = unwrap(runner.model)
    parts: dict[str, nn.Module] = {'': model}
    for name, hook in _hooks(runner):
        for key, value in vars(hook).items():
            if isinstance(value, nn.Module) and value is not model:
                parts[f'{name}.{key}.'] = value
    return {f'{part}{k}': b for part, m in parts.items() for k, b in m.named_buffers()}


def _digests(buffers: dict[str, Tensor]) -> dict[str, str]:
    if dist.get_world_size() == 1:
        return {}
    raw = {k: b.detach().cpu().contiguous().flatten().view(torch.uint8) for k, b in buffers.items()}
    return {name: hashlib.sha256(data.numpy().data).hexdigest() for name, data in raw.items()}


def _gradients(runner: Runner) -> dict[str, Tensor]:
    """Gradients that wait for those of further batches."""
    wrapper: Any = runner.optim_wrapper
    if getattr(wrapper, '_accumulative_counts', 1) == 1:
        return {}
    named = unwrap(runner.model).named_parameters()
    return {name: p.grad.detach().cpu().clone() for name, p in named if p.grad is not None}


def _hooks(runner: Runner) -> list[tuple[str, Hook]]:
    """Each with its class and a number among those of its class."""
    classes = [type(hook).__name__ for hook in runner.hooks]
    names = [f'{kind} {classes[:i].count(kind)}' for i, kind in enumerate(classes)]
    return list(zip(names, runner.hooks, strict=True))


def _kept(hook: Hook) -> dict[str, Any]:
    names = KEPT.get(type(hook).__name__, getattr(hook, 'kept', ()))
    values = {name: copy.deepcopy(getattr(hook, name)) for name in names}
    values = {k: v.cpu() if isinstance(v, Tensor) else v for k, v in values.items()}
    return {k: v for k, v in values.items() if is_plain(v)}


def _mean(tensors: list[Tensor]) -> Tensor:
    stacked = torch.stack(tensors)
    return stacked.mean(0) if stacked.is_floating_point() else stacked[0]
