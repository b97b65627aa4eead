"""LARS, the groups it works on and the schedule, against the official code's formulas."""

import copy
import math

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch import nn

from mmbarlow.config import load_config
from mmbarlow.engine import lars
from mmbarlow.engine.lars import LARS
from mmbarlow.engine.schedule import WarmupCosineLR
from mmbarlow.errors import InputError
from mmbarlow.paths import CONFIGS
from mmbarlow.registry import MODELS


def reference_steps(params, gradients, rates, wd, momentum=0.9, eta=0.001):
    """The official LARS, one parameter after the other, in plain Python on float64."""
    params = [p.detach().double().clone() for p in params]
    buffers = [torch.zeros_like(p) for p in params]
    for step_gradients, (lr_weights, lr_biases) in zip(gradients, rates, strict=True):
        for p, m, g in zip(params, buffers, step_gradients, strict=True):
            d = g.double()
            if p.ndim > 1:
                d = d + wd * p
                if p.norm() > 0 and d.norm() > 0:
                    d = d * (eta * p.norm() / d.norm())
            m.mul_(momentum).add_(d)
            p.sub_((lr_weights if p.ndim > 1 else lr_biases) * m)
    return params


@pytest.mark.parametrize('way', ['blocks', 'together', pytest.param('gpu', marks=pytest.mark.gpu)])
def test_ten_steps_with_a_changing_rate_follow_the_official_code(way, monkeypatch):
    """As a CPU computes them, here in blocks of one or two rows, and as a GPU does."""
    monkeypatch.setattr(lars, 'CPU_BLOCK', 10)
    if way == 'together':
        monkeypatch.setattr(LARS, '_step_in_blocks', lambda self, w, g: self._step_together([w], g))
    generator = torch.Generator().manual_seed(0)
    shapes = [(4, 3, 3, 3), (4,), (5, 4), (5,), (2, 5)]
    device = 'cuda' if way == 'gpu' else 'cpu'
    params = [nn.Parameter(torch.randn(s, generator=generator).to(device)) for s in shapes]
    with torch.no_grad():
        params[2].zero_()  # a weight of norm 0 is not adapted
    gradients = [
        [torch.randn(s, generator=generator).to(device) for s in shapes] for _ in range(10)
    ]
    gradients[0][4].zero_()
    rates = [(0.3 * (i + 1), 0.01 / (i + 1)) for i in range(10)]
    expected = reference_steps(params, gradients, rates, wd=1e-2)

    optimizer = LARS(
        [
            dict(params=[p for p in params if p.ndim > 1], weight_decay=1e-2),
            dict(params=[p for p in params if p.ndim == 1], weight_decay=0.0),
        ],
        lr=1.0,
    )
    for step_gradients, step_rates in zip(gradients, rates, strict=True):
        for p, g in zip(params, step_gradients, strict=True):
            p.grad = g.clone()
        for group, rate in zip(optimizer.param_groups, step_rates, strict=True):
            group['lr'] = rate
        optimizer.step()
    for got, wanted in zip(params, expected, strict=True):
        assert torch.allclose(got.double(), wanted, rtol=1e-5, atol=1e-6)


def test_a_resumed_optimizer_continues_as_if_nothing_had_happened():
    def steps(optimizer, p, n):
        for i in range(n):
            p.grad = torch.full_like(p, float(i + 1))
            optimizer.step()

    whole = nn.Parameter(torch.ones(3, 2))
    optimizer = LARS([whole], lr=0.5)
    steps(optimizer, whole, 2)
    resumed = nn.Parameter(whole.detach().clone())
    other = LARS([resumed], lr=0.5)
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    steps(optimizer, whole, 2)
    steps(other, resumed, 2)
    assert torch.equal(whole, resumed)


def test_every_one_dimensional_tensor_and_no_other_is_excluded():
    """ResNet-50 and the projector: 53 + 2 BN layers with weight and bias, no other bias."""
    neck = dict(type='mmbarlow.BarlowTwinsNeck', hid_channels=64, out_channels=64, in_channels=2048)
    model = nn.ModuleList(
        MODELS.build(cfg) for cfg in (dict(type='mmpretrain.ResNet', depth=50), neck)
    )
    wrapper = build_optim_wrapper(
        model,
        dict(
            optimizer=dict(type='mmbarlow.LARS', lr=1.6, weight_decay=1e-6),
            constructor='mmbarlow.NdimParamGroups',
            paramwise_cfg=dict(bias_lr=0.0048),
        ),
    )
    weights, one_dimensional = wrapper.optimizer.param_groups
    assert {p.ndim for p in weights['params']} == {2, 4}
    assert {p.ndim for p in one_dimensional['params']} == {1}
    assert len(weights['params']) == 53 + 3
    assert len(one_dimensional['params']) == 2 * (53 + 2)
    assert (weights['lr'], weights['weight_decay']) == (1.6, 1e-6)
    assert (one_dimensional['lr'], one_dimensional['weight_decay']) == (0.0048, 0.0)


def test_a_misspelled_group_option_is_named():
    with pytest.raises(InputError, match='bias_rl'):
        build_optim_wrapper(
            nn.Linear(2, 2),
            dict(
                optimizer=dict(type='mmbarlow.LARS', lr=1.0),
                constructor='mmbarlow.NdimParamGroups',
                paramwise_cfg=dict(bias_rl=0.1),
            ),
        )


def official_rate(step, epochs, steps_per_epoch, base):
    """adjust_learning_rate of the official main.py, for one group."""
    warmup, total = 10 * steps_per_epoch, epochs * steps_per_epoch
    if step < warmup:
        return base * step / warmup
    q = 0.5 * (1 + math.cos(math.pi * (step - warmup) / (total - warmup)))
    return base * q + base * 0.001 * (1 - q)


@pytest.mark.parametrize('epochs', [300, 1000])
def test_the_rates_of_both_groups_are_the_official_ones_at_every_step(epochs):
    weight, bias = nn.Parameter(torch.zeros(2, 2)), nn.Parameter(torch.zeros(2))
    optimizer = LARS([dict(params=[weight], lr=1.6), dict(params=[bias], lr=0.0048)], lr=1.6)
    scheduler = WarmupCosineLR.build_iter_from_epoch(
        optimizer, warmup=10, begin=0, end=epochs, by_epoch=True, epoch_length=5
    )
    for step in range(5 * epochs):
        for group, base in zip(optimizer.param_groups, (1.6, 0.0048), strict=True):
            assert group['lr'] == pytest.approx(official_rate(step, epochs, 5, base), abs=1e-12)
        optimizer.step()
        scheduler.step()
    first, last = official_rate(0, epochs, 5, 1.6), official_rate(5 * epochs - 1, epochs, 5, 1.6)
    assert first == 0.0
    assert last == pytest.approx(0.0016, rel=0.01)


@pytest.mark.parametrize(
    ('recipe', 'batch', 'gpus'),
    [
        ('barlowtwins/barlowtwins_resnet50_8xb256-coslr-1000e_in1k', 2048, 16),  # official README
        ('barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k', 2048, 8),  # MMSelfSup
        ('mixed_barlowtwins/mixed-barlowtwins_resnet50_8xb128-coslr-300e_in1k', 1024, 8),  # mix-bt
        ('mixed_barlowtwins/mixed-barlowtwins_resnet50_8xb128-coslr-1000e_in1k', 1024, 8),
    ],
)
def test_the_rate_of_the_biases_belongs_to_the_gpus_of_the_run_that_a_recipe_reproduces(
    recipe, batch, gpus
):
    """0.0048 x batch / 256 is for a gradient of 1 / (number of GPUs); ours is exact."""
    cfg = load_config(CONFIGS / f'{recipe}.py')
    assert cfg.optim_wrapper.optimizer.lr == pytest.approx(0.2 * batch / 256)
    rate = cfg.optim_wrapper.paramwise_cfg.bias_lr
    assert rate == pytest.approx(0.0048 * batch / 256 / gpus)


def together(found_inf: float | None, gradient: float = 1.0, dtype=torch.float32) -> list:
    """Weights, biases and momentum after two steps of all tensors at once, as on a GPU."""
    generator = torch.Generator().manual_seed(0)
    params = [nn.Parameter(torch.randn(s, generator=generator).to(dtype)) for s in ((4, 3), (5,))]
    optimizer = LARS(params, lr=0.1, weight_decay=1e-2)
    for flag in (None, found_inf):
        for p in params:
            value = 1.0 if flag is None else gradient
            p.grad = torch.full_like(p, value) * p.detach()
            optimizer.state[p].setdefault('momentum_buffer', torch.zeros_like(p))
        mask = None if flag is None else torch.tensor(flag)
        optimizer._step_together(params, optimizer.param_groups[0], mask)
    momentum = [state['momentum_buffer'] for state in optimizer.state.values()]
    return [t.detach().clone() for t in [*params, *momentum]]


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64, torch.bfloat16])
def test_a_mask_of_zero_changes_no_bit_and_one_of_one_keeps_all(dtype):
    plain, masked = together(None, dtype=dtype), together(0.0, dtype=dtype)
    assert all(map(torch.equal, plain, masked))
    kept = [together(1.0, gradient, dtype) for gradient in (1.0, float('nan'))]
    assert all(map(torch.equal, *kept))
    assert not torch.equal(plain[2], kept[0][2])  # the momentum


def test_a_loss_scale_is_divided_out_before_the_step():
    results = []
    for scale in (None, 1024.0):
        p = nn.Parameter(torch.ones(3, 2))
        optimizer = LARS([p], lr=0.1)
        p.grad = torch.full_like(p, 0.5) * (scale or 1.0)
        if scale:
            optimizer.grad_scale, optimizer.found_inf = torch.tensor(scale), torch.tensor(0.0)
        optimizer.step()
        results.append(p.detach())
    assert torch.equal(*results)


def test_gradients_and_momentum_of_another_memory_layout_are_taken():
    results = []
    for layout in (torch.contiguous_format, torch.channels_last):
        p = nn.Parameter(torch.arange(24.0).reshape(2, 3, 2, 2).contiguous(memory_format=layout))
        optimizer = LARS([p], lr=0.1)
        p.grad = torch.arange(24.0).reshape(2, 3, 2, 2)
        optimizer.state[p]['momentum_buffer'] = torch.zeros_like(p)
        optimizer._step_together([p], optimizer.param_groups[0])
        results.append(p.detach())
    assert torch.allclose(*results, rtol=1e-6)
