"""The early signs of failure: when a rule speaks, how often, and in which trainings."""

import math
import re

import pytest
import torch

from mmbarlow.evaluation.failure_rules import RULES, FailureRule
from mmbarlow.evaluation.failure_signs import first_view, signs_of
from mmbarlow.evaluation.failure_signs_hook import FailureSignsHook
from mmbarlow.models.cross_correlation_head import CrossCorrelationHead

STEPS = 1000
TOO_HIGH = FailureRule('too high', '{x}', above=dict(x=2.0), patience=3, after=0.1, before=0.5)


def beyond(rule: FailureRule) -> dict[str, float]:
    """Values that are just beyond all limits of a rule."""
    over = {k: v + 1e-9 for k, v in rule.above.items()}
    return over | {k: v - 1e-9 for k, v in rule.below.items()}


@pytest.mark.parametrize('rule', RULES, ids=lambda rule: rule.name)
def test_a_rule_holds_beyond_its_limits_and_not_within_them(rule):
    middle = (rule.after + rule.before) / 2
    values, limits = beyond(rule), {**rule.above, **rule.below}

    def holds(share: float = middle, **last: float | None) -> bool:
        """Of measurements with `values`, the last of them with others or without some."""
        changed = {k: v for k, v in (values | last).items() if v is not None}
        return rule.holds([(middle, values)] * (rule.patience - 1) + [(share, changed)])

    assert holds()
    for name, limit in limits.items():
        within = {name: limit - 1e-9 if name in rule.above else limit + 1e-9}
        assert not rule.holds([(middle, values | within)] * rule.patience)
        assert not holds(**{name: None})
        assert not holds(**{name: math.nan})
    assert not holds(rule.after - 1e-9)
    assert not holds(rule.before + 1e-9)
    assert not rule.holds([(middle, values)] * (rule.patience - 1))


@pytest.fixture
def judged(monkeypatch):
    """Steps at which a hook with the rule `TOO_HIGH` speaks of values x, one every 20 steps."""
    monkeypatch.setattr('mmbarlow.evaluation.failure_signs_hook.RULES', (TOO_HIGH,))

    def judge(values: list[float], first_step: int = 120, hook: FailureSignsHook | None = None):
        hook = hook or FailureSignsHook()
        steps = [first_step + 20 * i for i in range(len(values))]
        return [n for n, x in zip(steps, values, strict=True) if hook.judge(dict(x=x), n, STEPS)]

    return judge


def test_a_rule_reads_the_mean_of_its_last_measurements_and_speaks_once(judged):
    assert judged([3.0] * 9) == [160]
    assert judged([3.0, 3.0]) == []
    assert judged([1.0, 1.0, 1.0, 2.5, 2.5, 2.5]) == [220]  # (1 + 2.5 + 2.5) / 3 is not above 2
    assert judged([3.0, 3.0, 0.0, 3.0, 3.0, 0.0]) == []  # 2 on the average
    assert judged([3.0, 1.0, 2.5]) == [160]
    assert judged([2.0] * 9) == []


def test_measurements_outside_of_a_rule_s_share_of_the_run_do_not_count(judged):
    assert judged([3.0] * 9, first_step=60) == [140]  # 100, 120 and 140
    assert judged([3.0] * 9, first_step=480) == []  # of 480 and 500 alone


def test_ratios_are_those_to_the_first_measurement_and_to_the_width():
    values = dict(weight_norm=6.0, gradient_norm=1.0, dead=8.0, diagonal=0.5, off_diagonal=0.1)
    first = dict(weight_norm=2.0, gradient_norm=0.0)
    signs = signs_of(values, first, dict(width=16, lambd=0.01, batch=4, views='key'))
    assert signs['weight_norm_growth'] == 3
    assert 'gradient_norm_growth' not in signs
    assert signs['dead_share'] == 0.5
    assert signs['sameness'] == pytest.approx(0.2)
    # of a C with 0.5 on its diagonal and 0.1 elsewhere, over 16: invariance and redundancy
    assert signs['redundancy_share'] == pytest.approx(0.0015 / 0.2515)
    assert signs['loss_over_chance'] == pytest.approx(0.2515 / 1.05)


def test_unrelated_views_have_the_loss_of_chance():
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 32, 400, generator=generator)
    head = CrossCorrelationHead(400)
    c = head.cross_correlation(a, b)
    off = float((c - torch.diag(c.diagonal())).square().sum() / (400 * 399)) ** 0.5
    values = dict(diagonal=float(c.diagonal().mean()), off_diagonal=off)
    signs = signs_of(values, {}, dict(width=400, lambd=0.0051, batch=32))
    assert signs['loss_over_chance'] == pytest.approx(1, abs=0.03)
    loss = float(sum(head.loss(a, b).values()))
    # the mean C_ii stands for each of them, which leaves out their variance, about 1 / N
    assert signs['loss_over_chance'] * (1 + 0.0051 * 399 / 31) == pytest.approx(
        loss / 400, abs=0.04
    )


def test_a_resumed_run_is_not_told_again_and_counts_on(judged):
    before, after, other = FailureSignsHook(), FailureSignsHook(), FailureSignsHook()
    assert judged([3.0, 3.0], hook=before) == []
    for name in FailureSignsHook.kept:
        setattr(after, name, getattr(before, name))
    assert judged([3.0, 3.0], first_step=160, hook=after) == [160]
    for name in FailureSignsHook.kept:
        setattr(other, name, getattr(after, name))
    assert judged([3.0] * 5, first_step=200, hook=other) == []


@pytest.fixture
def warnings_of(run_tool, tmp_path, digits_config, small):
    """What the hook says in a training of 30 steps of 16 digits, measured at each."""

    def train(*options: str) -> list[str]:
        often = ['train_cfg.max_epochs=15', 'train_cfg.val_interval=99', 'model.backbone.depth=18']
        often += ['default_hooks.spectrum.interval=1', 'model.backbone.base_channels=8']
        often += ['model.backbone.stem_channels=8', 'model.neck.in_channels=64']
        options = [o for o in small if 'max_epochs' not in o] + often + list(options)
        config = ['train.py', digits_config, '--work-dir', tmp_path / 'work', '--cfg-options']
        assert run_tool(*config, *options)[0] == 0
        (log,) = (tmp_path / 'work').glob('*/*.log')
        return re.findall('Early sign of failure at (.+)', log.read_text())

    return train


def test_a_rate_of_zero_is_told_with_the_key_to_change(warnings_of):
    first, *_ = told = warnings_of('optim_wrapper.optimizer.lr=0.0')
    assert first.startswith('step 2, nothing is trained: ')
    assert 'set optim_wrapper.optimizer.lr from 0 to about' in first
    assert len([line for line in told if 'nothing is trained' in line]) == 1


def test_views_that_are_one_are_told_with_the_key_to_change(warnings_of):
    off = ['crop_scale=(1.0,1.0)', 'crop_ratio=(1.0,1.0)', 'jitter=0.0', 'rotate=0']
    key = 'train_dataloader.dataset.pipeline.0.view_'
    first, *_ = warnings_of(*(f'{key}{view}.{option}' for view in 'ab' for option in off))
    assert first.startswith('step 3, views alike: ')
    assert f'set {key}a.crop_scale from (1.0, 1.0) to about' in first


@pytest.mark.parametrize(
    ('step', 'place', 'first'),
    [
        (dict(view_a=dict(blur=1.0), view_b=dict()), 'view_a', dict(blur=1.0)),
        (dict(view_a=[dict(flip=0.0), dict()], view_b=dict()), 'view_a.0', dict(flip=0.0)),
        (dict(global_views=[dict(blur=0.5)] * 2), 'global_views.0', dict(blur=0.5)),
    ],
)
def test_the_first_view_is_found_in_each_kind_of_pipeline(step, place, first):
    loader = dict(dataset=dict(pipeline=[dict(type='Other'), step]))
    place = f'train_dataloader.dataset.pipeline.1.{place}'
    assert first_view(dict(train_dataloader=loader)) == (place, first)
    assert first_view(dict(train_dataloader=None)) == ('', {})
