"""Pretraining as a function: what it returns, and what it does to a config."""

import pytest
import torch
from mmengine.config import DictAction

from mmbarlow.config import load_config
from mmbarlow.engine.pretraining import add_scale, combined_scale, pretrain, use_mixed_precision
from mmbarlow.zoo import records


def test_a_quiet_run_returns_its_backbone_and_logs_to_its_file_alone(
    digits_config, small, tmp_path, capfd
):
    options = {k: DictAction._parse_iterable(v) for k, v in (s.split('=') for s in small)}
    cfg = load_config(digits_config, options, str(tmp_path))
    add_scale(cfg, 'Two steps.')
    cfg.default_hooks.export.command = 'python tools/train.py'
    backbone = pretrain(cfg, quiet=True)
    assert 'Epoch' not in ''.join(capfd.readouterr())
    assert torch.load(backbone, weights_only=True)['meta']['scale'] == 'Two steps.'
    (record,) = records.read_folder(backbone.parent / 'records')
    assert (record.scale, record.command) == ('Two steps.', 'python tools/train.py')
    (log,) = tmp_path.glob('*/*.log')
    assert 'Epoch(train) [1][2/2]' in log.read_text()


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
