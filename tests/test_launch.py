"""What a config gets where several processes run without a GPU."""

import os
import socket
import subprocess

import pytest
import torch

from mmbarlow import launch
from mmbarlow.config import load_config
from mmbarlow.errors import InputError
from mmbarlow.paths import CLONE, CONFIGS


@pytest.mark.parametrize(('method', 'unused'), [('simclr', False), ('swav', True)])
def test_processes_on_the_cpu_wait_for_no_gradient_that_does_not_come(method, unused, monkeypatch):
    """SwAV's prototypes have none at first; DDP ends with an error if it is not told."""
    monkeypatch.setattr(launch, 'start_processes', lambda launcher: None)
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    (path,) = (CONFIGS / 'baselines').glob(f'{method}_*_digits.py')
    cfg = load_config(path)
    launch.prepare_processes(cfg, 'pytorch')
    assert cfg.model_wrapper_cfg.find_unused_parameters is unused


def test_a_launcher_that_launched_nothing_is_refused(monkeypatch):
    monkeypatch.delenv('RANK', raising=False)
    with pytest.raises(InputError, match='the environment lacks RANK.*tools/dist_train.sh'):
        launch.start_processes('pytorch')


@pytest.mark.parametrize('name', ['PORT', 'MASTER_PORT'])
def test_a_port_in_use_is_a_sentence(name):
    with socket.socket() as other:
        other.bind(('', 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = subprocess.run(
            [CLONE / 'tools' / 'dist_train.sh', 'any.py', '2'],
            env=dict(os.environ, **{name: port}),
            capture_output=True,
            text=True,
        )
    assert done.returncode == 2
    assert done.stderr == (
        f'error: port {port} is in use, perhaps by another run: set PORT to a free one.\n'
    )
