"""The hook that stops a run whose temperatures have reached their lower bound."""

from types import SimpleNamespace

import pytest
import torch

from mmbarlow.engine.temperature_hook import TemperatureHook
from mmbarlow.errors import InputError
from mmbarlow.models.amcl.adaptive_multi_head import AdaptiveMultiHead


def outputs(std: float) -> dict[str, torch.Tensor]:
    """What a head returns whose temperature network has weights with that standard deviation."""
    torch.manual_seed(0)
    init = dict(type='Normal', layer='Linear', std=std)
    temperature = dict(type='mmbarlow.PairTemperature', batch_size=64, init_cfg=init)
    head = AdaptiveMultiHead(32, 2, temperature=temperature)
    head.init_weights()
    view = torch.randn(64, 64)
    return head.loss(view, view)


def look(hook: TemperatureHook, terms: dict[str, torch.Tensor], step: int) -> None:
    """The end of a training step, from 0."""
    hook.after_train_iter(SimpleNamespace(iter=step), step, None, terms)


def test_temperatures_in_the_middle_do_not_stop_the_run():
    look(TemperatureHook(interval=10), outputs(std=0.01), 9)


def test_temperatures_at_the_lower_bound_stop_the_run_and_the_sentence_says_what_to_change():
    terms = outputs(std=1.0)
    share = terms['tau_negative_min_share'].item()
    assert share > 0.6
    says = rf'{share:.0%} of the temperatures .* at step 10, .* set a lower model.head.beta'
    with pytest.raises(InputError, match=says):
        look(TemperatureHook(interval=10), terms, 9)
    look(TemperatureHook(max_share=1, interval=10), terms, 9)


def test_between_two_looks_the_device_is_not_waited_for():
    look(TemperatureHook(interval=10), outputs(std=1.0), 5)


def test_a_fixed_temperature_has_nothing_to_look_at():
    view = torch.randn(8, 4)
    look(TemperatureHook(interval=1), AdaptiveMultiHead(4, 1, temperature=1.0).loss(view, view), 0)


@pytest.mark.parametrize('share', [0, 1.5])
def test_a_share_outside_of_0_to_1_is_refused(share):
    with pytest.raises(InputError, match=f'above 0 and at most 1, got {share}'):
        TemperatureHook(max_share=share)
