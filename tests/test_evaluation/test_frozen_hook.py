"""Nothing of a frozen backbone moves, not even what no gradient reaches."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from mmbarlow.errors import InputError
from mmbarlow.evaluation.frozen_hook import FrozenHook


@pytest.fixture
def runner() -> SimpleNamespace:
    """What the hook reads of a runner."""
    backbone = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    return SimpleNamespace(model=nn.ModuleDict(dict(backbone=backbone)), epoch=4)


def epoch(runner, hook, evaluate: bool) -> None:
    hook.before_train(runner)
    runner.model.train()
    if evaluate:
        hook.before_train_iter(runner, 0)
    runner.model.backbone(torch.randn(8, 3, 5, 5))
    hook.after_train_epoch(runner)


def test_the_hook_puts_bn_into_eval_mode_and_takes_the_gradients_away(runner):
    epoch(runner, FrozenHook(), evaluate=True)
    assert runner.model.training
    assert not runner.model.backbone[1].training
    assert not any(p.requires_grad for p in runner.model.backbone.parameters())


def test_a_bn_buffer_that_drifts_is_named(runner):
    with pytest.raises(InputError, match=r'1\.running_mean is not what it was before epoch 5'):
        epoch(runner, FrozenHook(), evaluate=False)


@pytest.mark.parametrize('name', ['0.weight', '1.bias'])
def test_a_parameter_that_moves_by_one_bit_is_named(runner, name):
    hook = FrozenHook()
    hook.before_train(runner)
    tensor = runner.model.backbone.get_parameter(name)
    tensor.data.flatten()[0] = torch.nextafter(tensor.data.flatten()[0], torch.tensor(9.0))
    with pytest.raises(InputError, match=f'moved: {name} '):
        hook.after_train_epoch(runner)
