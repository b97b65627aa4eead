"""Nothing of a frozen backbone moves, not even what no gradient reaches."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from mmbarlow.benchmarks.suites import find_benchmarks
from mmbarlow.config import load_config
from mmbarlow.errors import InputError
from mmbarlow.evaluation.frozen_hook import FrozenHook
from mmbarlow.registry import MODELS


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


def test_with_drift_bn_learns_its_statistics_and_the_parameters_still_stay(runner):
    hook = FrozenHook(drift=True)
    epoch(runner, hook, evaluate=True)
    bn = runner.model.backbone[1]
    assert bn.training
    assert bn.num_batches_tracked == 1
    assert not any(p.requires_grad for p in runner.model.backbone.parameters())
    bn.weight.data[0] += 1
    with pytest.raises(InputError, match='1.weight is not what it was'):
        hook.after_train_epoch(runner)


@pytest.mark.parametrize('dataset', ['cifar10', 'cifar100', 'stl10', 'tinyimagenet'])
def test_the_probe_of_mix_bt_has_the_settings_of_its_code(dataset):
    cfg = load_config(*find_benchmarks([f'linear-mixbt_{dataset}']))
    adam = cfg.optim_wrapper.optimizer
    assert (adam.type, adam.lr, adam.weight_decay) == ('Adam', 1e-2, 5e-6)
    assert cfg.train_dataloader.batch_size == 512
    rates = [adam.lr * cfg.param_scheduler.gamma**epoch for epoch in range(201)]
    assert rates[200] == pytest.approx(1e-6)
    assert cfg.train_cfg.max_epochs == 200
    steps = [step.type.split('/')[-1] for step in cfg.train_dataloader.dataset.pipeline][1:-1]
    crop = next(s for s in cfg.train_dataloader.dataset.pipeline if s.type.endswith('ResizedCrop'))
    if dataset.startswith('cifar'):
        assert steps[:2] == ['RandomResizedCrop', 'RandomHorizontalFlip']
        assert (crop.size, crop.get('interpolation', 'bilinear')) == (32, 'bilinear')
    else:
        assert steps[2:] == ['RandomResizedCrop', 'RandomHorizontalFlip']
        assert (crop.size, crop.interpolation, crop.scale) == (64, 'bicubic', (0.2, 1.0))
    head = MODELS.build(cfg.model).head.fc
    assert head.weight.std().item() == pytest.approx((3 * head.in_features) ** -0.5, rel=0.02)
