"""What the tools do with a config before anything is built."""

from pathlib import Path

import pytest
import torch

from mmbarlow import cli
from mmbarlow.config import check_data_folders, load_config
from mmbarlow.errors import InputError
from mmbarlow.launch import prepare_processes

CONFIGS = Path(__file__).parents[1] / 'configs' / 'barlowtwins'


@pytest.mark.parametrize('path', sorted(CONFIGS.glob('*.py')), ids=lambda p: p.stem)
def test_one_data_root_moves_every_data_set_of_a_config(path):
    cfg = load_config(path, dict(data_root='elsewhere'))
    loaders = [cfg.get(f'{name}_dataloader') for name in ('train', 'val', 'test')]
    loaders += [(cfg.get(f'{name}_cfg') or {}).get('bank_dataloader') for name in ('val', 'test')]
    roots = {loader.dataset.get('data_root') for loader in loaders if loader}
    assert roots == {None if path.stem.endswith('_digits') else 'elsewhere'}


def test_data_that_would_be_downloaded_need_not_be_there():
    (path,) = CONFIGS.glob('*200e_cifar10.py')
    check_data_folders(load_config(path, dict(data_root='nowhere')))
    (path,) = CONFIGS.glob('*resnet18-stem7*_cifar10.py')
    with pytest.raises(InputError, match='there is no folder nowhere'):
        check_data_folders(load_config(path, dict(data_root='nowhere')))


def test_a_config_that_cannot_be_parsed_is_named(tmp_path):
    path = tmp_path / 'broken.py'
    path.write_text('model = dict(')
    with pytest.raises(InputError, match=r'config .*broken\.py: '):
        load_config(path)


def test_a_bug_of_ours_keeps_its_traceback():
    def main():
        raise RuntimeError('not the user')

    with pytest.raises(RuntimeError, match='not the user'):
        cli.run(main)


def test_a_child_of_the_installed_package_s_config_resolves(tmp_path):
    path = tmp_path / 'child.py'
    path.write_text(
        "_base_ = 'mmbarlow::barlowtwins/barlowtwins_resnet18_1xb128-coslr-70e_digits.py'\n"
        'train_cfg = dict(max_epochs=3)\n'
    )
    cfg = load_config(path)
    assert cfg.train_cfg.max_epochs == 3
    assert cfg.model.type == 'mmbarlow.BarlowTwins'


@pytest.mark.parametrize(('method', 'unused'), [('simclr', False), ('swav', True)])
def test_processes_on_the_cpu_wait_for_no_gradient_that_does_not_come(method, unused, monkeypatch):
    """SwAV's prototypes have none at first; DDP ends with an error if it is not told."""
    monkeypatch.setattr(cli, 'start_processes', lambda launcher: None)
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    (path,) = (CONFIGS.parent / 'baselines').glob(f'{method}_*_digits.py')
    cfg = load_config(path)
    prepare_processes(cfg, 'pytorch')
    assert cfg.model_wrapper_cfg.find_unused_parameters is unused
