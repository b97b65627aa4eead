"""What a config gets where several processes run without a GPU."""

import pytest
import torch

from mmbarlow import launch
from mmbarlow.config import load_config
from mmbarlow.paths import CONFIGS


@pytest.mark.parametrize(('method', 'unused'), [('simclr', False), ('swav', True)])
def test_processes_on_the_cpu_wait_for_no_gradient_that_does_not_come(method, unused, monkeypatch):
    """SwAV's prototypes have none at first; DDP ends with an error if it is not told."""
    monkeypatch.setattr(launch, 'start_processes', lambda launcher: None)
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    (path,) = (CONFIGS / 'baselines').glob(f'{method}_*_digits.py')
    cfg = load_config(path)
    launch.prepare_processes(cfg, 'pytorch')
    assert cfg.model_wrapper_cfg.find_unused_parameters is unused
