"""Logging without waiting: the numbers are MMEngine's, and no step reads a tensor's value."""

import copy
import json
import pickle
from collections import Counter

import pytest
import torch
from mmengine.config import DictAction
from mmengine.hooks import Hook
from mmengine.logging import HistoryBuffer
from mmengine.runner import Runner
from torch.utils._python_dispatch import TorchDispatchMode

from mmbarlow.config import load_config
from mmbarlow.engine.lazy_info_hook import LazyBuffer
from mmbarlow.loss import GlobalBatch, direct_cached

# The operators behind `.item()`, `float()`, `bool()`, `if tensor` and data-dependent shapes: on a
# GPU each of them waits for the device.
WAITS = {'aten::_local_scalar_dense', 'aten::is_nonzero', 'aten::equal', 'aten::nonzero'}
WAITS |= {'aten::masked_select', 'aten::_unique2'}


class Waits(TorchDispatchMode):
    """Counts the operators that read the values of a tensor; the test itself counts `.tolist()` and
    `.numpy()`, which are not operators."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func._schema.name
        if name in WAITS:
            self.counts[name] += 1
        return func(*args, **(kwargs or {}))


class Steps(Hook):
    """Counts from the end of a step to the end of the next, all other hooks included."""

    priority = 'LOWEST'

    def __init__(self, counts: Counter[str]) -> None:
        self.counts = counts
        self.steps: list[Counter[str]] = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        self.steps.append(copy.copy(self.counts))
        self.counts.clear()


def config(path, options: list[str], work_dir, **changes):
    parsed = dict(option.split('=', 1) for option in options)
    values = {key: DictAction._parse_iterable(value) for key, value in parsed.items()}
    return load_config(path, values | changes, str(work_dir))


def waits_of_steps(cfg, monkeypatch) -> list[Counter[str]]:
    """Train, and count from the end of each step to the end of the next."""
    runner, waits = Runner.from_cfg(cfg), Waits()
    for name in ('tolist', 'numpy'):
        real = getattr(torch.Tensor, name)

        def counted(self, *args, real=real, name=name, **kwargs):
            if self.requires_grad or self.grad_fn or self.dtype.is_floating_point:
                waits.counts[name] += 1
            return real(self, *args, **kwargs)

        monkeypatch.setattr(torch.Tensor, name, counted)
    steps = Steps(waits.counts)
    runner.register_hook(steps)
    with waits:
        runner.train()
    return steps.steps


SGD = dict(type='SGD', lr=0.1, momentum=0.9)
OURS = dict(type='mmbarlow.LARS', lr=0.1, weight_decay=1e-6)


@pytest.mark.parametrize(
    ('hook', 'optimizer', 'lag'),  # 2: the guard against NaN as on a GPU
    [
        ('mmbarlow.LazyInfoHook', OURS, None),
        ('mmbarlow.LazyInfoHook', SGD, 2),
        ('mmengine.RuntimeInfoHook', OURS, None),
    ],
)
def test_between_two_lines_of_the_log_no_step_waits_for_the_device(
    hook, optimizer, lag, digits_config, small, tmp_path, monkeypatch
):
    """With MMEngine's hook every step waits three times, so the test would notice."""
    # The loss looks at these on a CPU alone, where there is nothing to wait for.
    monkeypatch.setattr(GlobalBatch, 'check_finite', lambda batch, views, scale: None)
    monkeypatch.setattr(direct_cached, 'near_zero', lambda stats: True)
    cfg = config(
        digits_config, small, tmp_path,
        **{
            'default_hooks.runtime_info.type': hook,
            'train_dataloader.dataset.indices': 96,
            'default_hooks.logger.interval': 5,
            'default_hooks.finite_loss.interval': 5,
            'default_hooks.finite_loss.lag': lag,
            'optim_wrapper.optimizer': optimizer,
            'optim_wrapper.constructor': 'mmbarlow.NdimParamGroups',
            'train_cfg.val_interval': 100,
        },
    )  # fmt: skip
    steps = waits_of_steps(cfg, monkeypatch)
    assert len(steps) == 6
    waited = [step.total() for step in steps[1:4]]  # the first one tells the hub of the keys
    if hook == 'mmbarlow.LazyInfoHook':
        assert waited == [0, 0, 0]
        assert steps[4]['tolist'] == 3  # the line of the log: loss and its two terms
    else:
        assert waited == [3, 3, 3]


def test_a_measurement_of_the_spectrum_waits_for_nothing_until_two_steps_later(
    digits_config, small, tmp_path, monkeypatch
):
    """As on a GPU. Steps 1, 4 and 7 of 7 are measured, and read after 3, 6 and 7."""
    monkeypatch.setattr(GlobalBatch, 'check_finite', lambda batch, views, scale: None)
    monkeypatch.setattr(direct_cached, 'near_zero', lambda stats: True)
    cfg = config(
        digits_config, small, tmp_path,
        **{
            'train_dataloader.dataset.indices': 112,
            'default_hooks.spectrum.interval': 4,
            'default_hooks.spectrum.lag': 2,
            'default_hooks.finite_loss.lag': 2,
            'optim_wrapper.optimizer': SGD,
            'train_cfg.val_interval': 100,
        },
    )  # fmt: skip
    waited = [step.total() for step in waits_of_steps(cfg, monkeypatch)]
    assert len(waited) == 7
    assert (waited[1], waited[3], waited[4]) == (0, 0, 0)
    assert waited[5] > 0


@pytest.mark.parametrize('hook', ['mmbarlow.LazyInfoHook', 'mmengine.RuntimeInfoHook'])
def test_the_log_holds_the_mean_over_the_window(hook, digits_config, small, tmp_path):
    """The mean of the losses of each step, as a hook of this test has seen them."""
    cfg = config(
        digits_config, small, tmp_path,
        **{
            'default_hooks.runtime_info.type': hook,
            'train_dataloader.dataset.indices': 112,
            'default_hooks.logger.interval': 3,
            'log_processor.window_size': 3,
            'train_cfg.val_interval': 100,
        },
    )  # fmt: skip
    runner, seen = Runner.from_cfg(cfg), Seen()
    runner.register_hook(seen)
    runner.train()
    (path,) = tmp_path.glob('*/vis_data/scalars.json')
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines = [line for line in lines if 'loss' in line]
    assert [line['step'] for line in lines] == [3, 6]
    for line in lines:
        expected = seen.losses[line['step'] - 3 : line['step']]
        assert line['loss'] == pytest.approx(sum(expected) / 3, rel=1e-12)
        terms = line['loss_invariance'] + line['loss_redundancy']
        assert terms == pytest.approx(line['loss'], rel=1e-6)


class Seen(Hook):
    def __init__(self) -> None:
        self.losses: list[float] = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        self.losses.append(outputs['loss'].item())


def test_a_lazy_history_is_that_of_mmengine_for_every_statistic_and_copy():
    values = torch.rand(20, generator=torch.Generator().manual_seed(0))
    plain, lazy = HistoryBuffer([0.5], [1]), LazyBuffer([0.5], [1])
    for value in values:
        plain.update(value.item())
        lazy.update(value)
    for name, window in (('mean', 7), ('max', 7), ('min', 7), ('mean', None)):
        assert lazy.statistics(name, window) == plain.statistics(name, window)
    lazy.update(values[3])
    for copied in (copy.deepcopy(lazy), pickle.loads(pickle.dumps(lazy))):
        assert type(copied) is HistoryBuffer
        assert copied.current() == values[3].item()
        assert copied.data[1].tolist() == [1] * 22


def test_a_value_of_several_numbers_is_refused():
    with pytest.raises(RuntimeError, match='shape'):
        LazyBuffer().update(torch.zeros(2))


@pytest.mark.gpu  # only CUDA has synchronizations
def test_on_a_gpu_a_step_raises_no_synchronization_error(digits_config, small, tmp_path):
    """The same with torch's own detector, from the second step of a run to the last but one."""

    class Strict(Hook):
        priority = 'HIGHEST'

        def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
            torch.cuda.set_sync_debug_mode('error' if batch_idx in (1, 2, 3) else 'default')

    cfg = config(
        digits_config, small, tmp_path,
        **{
            'train_dataloader.dataset.indices': 96,
            'train_dataloader.pin_memory': True,
            'default_hooks.logger.interval': 5,
            'default_hooks.finite_loss.interval': 5,
            'train_cfg.val_interval': 100,
        },
    )  # fmt: skip
    runner = Runner.from_cfg(cfg)
    runner.register_hook(Strict())
    try:
        runner.train()
    finally:
        torch.cuda.set_sync_debug_mode('default')
