"""What is done with a config before anything is built."""

import pytest

from mmbarlow.config import check_data_folders, load_config
from mmbarlow.errors import InputError
from mmbarlow.paths import CONFIGS

RECIPES = CONFIGS / 'barlowtwins'


@pytest.mark.parametrize('path', sorted(RECIPES.glob('*.py')), ids=lambda p: p.stem)
def test_one_data_root_moves_every_data_set_of_a_config(path):
    cfg = load_config(path, dict(data_root='elsewhere'))
    loaders = [cfg.get(f'{name}_dataloader') for name in ('train', 'val', 'test')]
    loaders += [(cfg.get(f'{name}_cfg') or {}).get('bank_dataloader') for name in ('val', 'test')]
    roots = {loader.dataset.get('data_root') for loader in loaders if loader}
    assert roots == {None if path.stem.endswith('_digits') else 'elsewhere'}


def test_data_that_would_be_downloaded_need_not_be_there():
    (path,) = RECIPES.glob('*200e_cifar10.py')
    check_data_folders(load_config(path, dict(data_root='nowhere')))
    (path,) = RECIPES.glob('*resnet18-stem7*_cifar10.py')
    with pytest.raises(InputError, match='there is no folder nowhere'):
        check_data_folders(load_config(path, dict(data_root='nowhere')))


def test_a_config_that_cannot_be_parsed_is_named(tmp_path):
    path = tmp_path / 'broken.py'
    path.write_text('model = dict(')
    with pytest.raises(InputError, match=r'config .*broken\.py: '):
        load_config(path)


def test_a_child_of_the_installed_packages_config_resolves(tmp_path):
    path = tmp_path / 'child.py'
    path.write_text(
        "_base_ = 'mmbarlow::barlowtwins/barlowtwins_resnet18_1xb128-coslr-70e_digits.py'\n"
        'train_cfg = dict(max_epochs=3)\n'
    )
    cfg = load_config(path)
    assert cfg.train_cfg.max_epochs == 3
    assert cfg.model.type == 'mmbarlow.BarlowTwins'
