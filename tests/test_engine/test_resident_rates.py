"""An optimizer whose rates are tensors makes the steps that it makes with numbers."""

import copy

import pytest
import torch
from torch import nn
from torch.optim import SGD, AdamW

from mmbarlow.engine.lars import LARS
from mmbarlow.engine.resident_rates import TensorRates, takes_tensors, use_fused

CPU = torch.device('cpu')
OPTIMIZERS = [
    (LARS, dict(lr=0.5, weight_decay=1e-4)),
    (SGD, dict(lr=0.5, momentum=0.9, weight_decay=1e-4)),
    (AdamW, dict(lr=0.1)),
]


def gradients(model: nn.Module, step: int) -> None:
    generator = torch.Generator().manual_seed(step)
    for p in model.parameters():
        p.grad = torch.randn(p.shape, generator=generator)


@pytest.mark.parametrize('fused', [False, True])
@pytest.mark.parametrize(('kind', 'options'), OPTIMIZERS, ids=lambda x: getattr(x, '__name__', ''))
def test_steps_with_rates_that_change_are_those_with_numbers(kind, options, fused):
    torch.manual_seed(0)
    models = [nn.Linear(8, 4)]
    models.append(copy.deepcopy(models[0]))
    plain, own = (kind(model.parameters(), **options) for model in models)
    assert takes_tensors(own)
    rates = TensorRates(own, CPU)
    if fused:
        use_fused(own, CPU)
    for step in range(5):
        for model, optimizer in zip(models, (plain, own), strict=True):
            gradients(model, step)
            optimizer.param_groups[0]['lr'] = options['lr'] / (step + 1)
        plain.step()
        rates.send()
        with rates.used():
            own.step()
        assert own.param_groups[0]['lr'] == options['lr'] / (step + 1)
    for a, b in zip(*(model.parameters() for model in models), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ('kind', 'options'), OPTIMIZERS[1:], ids=lambda x: getattr(x, '__name__', '')
)
def test_fused_steps_take_the_mask_of_the_guard(kind, options):
    model = nn.Linear(8, 4)
    optimizer = kind(model.parameters(), **options)
    use_fused(optimizer, CPU)
    gradients(model, 0)
    optimizer.step()
    before = copy.deepcopy(model.state_dict())
    optimizer.found_inf = torch.ones(())
    gradients(model, 1)
    optimizer.step()
    assert all(torch.equal(before[name], p) for name, p in model.state_dict().items())


def test_an_optimizer_that_takes_numbers_alone_is_told_apart():
    assert not takes_tensors(torch.optim.LBFGS(nn.Linear(2, 2).parameters()))
