"""Pretraining as a function: what it returns, and what it does to a config."""

import pytest
import torch
from mmengine.config import DictAction

from mmbarlow.config import load_config
from mmbarlow.engine.pretraining import add_scale, combined_scale, pretrain, use_mixed_precision
from mmbarlow.zoo import records


def parsed(options: list[str]) -> dict:
    """As the command line takes them."""
    return {k: DictAction._parse_iterable(v) for k, v in (s.split('=') for s in options)}


def test_a_quiet_run_returns_its_backbone_and_logs_to_its_file_alone(
    digits_config, small, tmp_path, capfd
):
    cfg = load_config(digits_config, parsed(small), str(tmp_path))
    add_scale(cfg, 'Two steps.')
    cfg.default_hooks.export.command = 'python tools/train.py'
    backbone = pretrain(cfg, quiet=True)
    assert 'Epoch' not in ''.join(capfd.readouterr())
    assert torch.load(backbone, weights_only=True)['meta']['scale'] == 'Two steps.'
    (record,) = records.read_folder(backbone.parent / 'records')
    assert (record.scale, record.command) == ('Two steps.', 'python tools/train.py')
    (log,) = tmp_path.glob('*/*.log')
    assert 'Epoch(train) [1][2/2]' in log.read_text()


def test_two_runs_that_start_in_one_second_have_logs_of_their_own(
    digits_config, small, tmp_path, monkeypatch
):
    monkeypatch.setattr('mmengine.runner.runner.time.time', lambda: 1.7e9)
    for name, seed in (('a', 0), ('b', 1)):
        options = parsed([*small, f'randomness.seed={seed}'])
        pretrain(load_config(digits_config, options, str(tmp_path / name)), quiet=True)
    (a,), (b,) = (records.read_folder(tmp_path / name / 'records') for name in 'ab')
    assert len(a.curve) == len(b.curve) == 1
    assert a.metrics['loss'] != b.metrics['loss']


def test_a_scale_is_full_only_where_nothing_is_reduced():
    assert combined_scale('full', None) == 'full'
    assert combined_scale('full', 'Two steps.') == 'Two steps.'
    assert combined_scale('20 epochs.', None) == '20 epochs.'
    assert combined_scale('20 epochs.', 'Two steps.') == '20 epochs; Two steps.'


@pytest.mark.parametrize(
    ('computes', 'wrapper'),
    [(True, 'mmbarlow.BF16OptimWrapper'), (False, 'mmengine.AmpOptimWrapper')],
)
def test_amp_on_a_gpu_is_bf16_unless_that_would_be_emulated(
    computes, wrapper, digits_config, monkeypatch
):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(
        torch.cuda, 'is_bf16_supported', lambda including_emulation=True: computes
        or including_emulation,
    )  # fmt: skip
    cfg = load_config(digits_config)
    use_mixed_precision(cfg)
    assert cfg.optim_wrapper.type == wrapper
