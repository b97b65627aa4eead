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
    (path,) = RECIPES.glob('*resnet18-stem7*-8e_cifar10.py')
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


def test_a_shipped_config_is_found_by_its_name_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = 'barlowtwins_resnet18_1xb128-coslr-70e_digits'
    for path in (f'barlowtwins/{name}.py', f'{name}.py', name):
        cfg = load_config(f'mmbarlow::{path}')
        assert cfg.work_dir == f'work_dirs/{name}'
    name = 'barlowtwins_resnet50_8xb256-coslr-300e_in1k'
    assert load_config(f'mmpretrain::barlowtwins/{name}.py').model.type == 'BarlowTwins'
    with pytest.raises(InputError, match='close names: .*-70e_digits.py'):
        load_config('mmbarlow::barlowtwins_resnet18_1xb128-coslr-71e_digits.py')
    with pytest.raises(InputError, match='the package nowhere is not installed'):
        load_config('nowhere::name.py')


def test_a_base_of_another_package_keeps_its_scope_where_a_registry_needs_it(tmp_path):
    path = tmp_path / 'child.py'
    base = 'barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'
    path.write_text(f"_base_ = 'mmpretrain::{base}'\n")
    cfg = load_config(path)
    assert cfg.model._scope_ == 'mmpretrain'
    assert cfg.train_dataloader.collate_fn == dict(type='default_collate')


VARIABLES = ('dataset_type', 'classes', 'num_classes', 'vis_backends', 'img_size', 'image_size')
VARIABLES += ('train_pipeline', 'backend_args', 'data_root_07', 'img_norm_cfg', '_data_root', 'lr')


@pytest.mark.parametrize('key', VARIABLES)
def test_a_config_may_have_variables_of_its_own(key, digits_config, tmp_path):
    path = tmp_path / 'child.py'
    path.write_text(f"_base_ = '{digits_config}'\n{key} = 3\n")
    assert load_config(path)[key] == 3
    with pytest.raises(InputError, match=f'unknown key {key!r} in --cfg-options'):
        load_config(path, {key: 4})


@pytest.mark.parametrize(
    ('key', 'meant'),
    dict(
        optim_wraper='optim_wrapper',
        modle='model',
        dataroot='data_root',
        custom_hook='custom_hooks',
        train_loader='train_dataloader',
    ).items(),
)
def test_a_misspelled_key_is_refused_with_the_right_one(key, meant, digits_config, tmp_path):
    path = tmp_path / 'child.py'
    path.write_text(f"_base_ = '{digits_config}'\n{key} = dict(type='x')\n")
    with pytest.raises(InputError, match=f'unknown key {key!r}.*did you mean {meant!r}'):
        load_config(path)


def test_a_folder_below_the_home_folder_is_there(tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    (path,) = RECIPES.glob('*100e_folder.py')
    cfg = load_config(path, dict(data_root='~/images'))
    with pytest.raises(InputError, match='there is no folder ~/images'):
        check_data_folders(cfg)
    (tmp_path / 'images').mkdir()
    check_data_folders(cfg)
