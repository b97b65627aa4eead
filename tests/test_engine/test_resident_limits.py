"""Why a step is not repeated as a graph, each reason in a sentence that says what to do."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper
from torch.optim import LBFGS, SGD

from mmbarlow.engine.bf16 import BF16OptimWrapper
from mmbarlow.engine.resident_limits import obstacles
from mmbarlow.evaluation.online_linear_hook import OnlineLinearHook
from mmbarlow.evaluation.spectrum_hook import SpectrumHook
from mmbarlow.models.barlow_twins import BarlowTwins

RAW = dict(type='mmbarlow.RawPixels')
NECK = dict(type='mmbarlow.BarlowTwinsNeck', in_channels=12, hid_channels=4, out_channels=4)
HEAD = dict(type='mmbarlow.CrossCorrelationHead', in_channels=4)


class Looks(Hook):
    """Hangs itself into a module."""

    def look(self, module, inputs, outputs) -> None:
        pass


Looks.look.__module__ = 'users_code'


def run(head=HEAD, accumulated=1, optimizer=SGD, hooks=(), names=('lr',), look=False, **options):
    model = BarlowTwins(RAW, NECK, head, **options)
    if look:
        model.neck.register_forward_hook(Looks().look)
    wrapper = OptimWrapper(optimizer(model.parameters(), lr=0.1), accumulative_counts=accumulated)
    schedules = [SimpleNamespace(param_name=name) for name in names]
    parts = dict(model=model, optim_wrapper=wrapper, param_schedulers=schedules)
    return SimpleNamespace(hooks=list(hooks), **parts)


def probe(classes: int) -> OnlineLinearHook:
    hook = OnlineLinearHook()
    hook.classes = classes
    return hook


def spectrum(every: int) -> SpectrumHook:
    hook = SpectrumHook()
    hook.every = every
    return hook


def test_a_plain_run_has_no_obstacle():
    assert list(obstacles(run(hooks=[spectrum(50), probe(0), Hook()]))) == []


@pytest.mark.parametrize(
    ('options', 'told'),
    [
        (dict(hooks=[probe(10)]), 'OnlineLinearHook needs Python in every step'),
        (dict(hooks=[spectrum(1)]), 'SpectrumHook needs Python in every step'),
        (dict(look=True), 'Looks needs Python in every step, in neck'),
        (dict(names=('lr', 'momentum')), 'a schedule changes momentum'),
        (dict(accumulated=2), 'gradients of several batches are added up'),
        (dict(optimizer=LBFGS), 'LBFGS takes learning rates as numbers alone: take mmbarlow.LARS'),
        (dict(chunk_size=2), 'model.chunk_size runs the network in two passes'),
        (
            dict(compile=dict(mode='reduce-overhead')),
            'compile.mode=reduce-overhead has CUDA graphs',
        ),
        (
            dict(head=dict(type='mmbarlow.FeatureNormHead', in_channels=4)),
            'FeatureNormHead is not known to do the same in every step',
        ),
    ],
)
def test_what_needs_python_is_named(options, told):
    (reason,) = obstacles(run(**options))
    assert told in reason


def test_a_card_without_bf16_is_named(monkeypatch):
    runner = run()
    runner.optim_wrapper = BF16OptimWrapper(SGD(runner.model.parameters(), lr=0.1))
    assert list(obstacles(runner)) == []
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr('mmbarlow.engine.resident_limits.has_bf16', lambda device: False)
    assert list(obstacles(runner)) == [
        'this card emulates bf16: leave --amp out to compute in fp32'
    ]
