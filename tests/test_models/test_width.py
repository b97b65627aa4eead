"""A neck that does not fit its backbone is found before anything is built, logged or written."""

from pathlib import Path

import pytest
from mmengine.config import Config

from mmbarlow.config import load_config
from mmbarlow.errors import InputError
from mmbarlow.models.width import check_width

ROOT = Path(__file__).parents[2]


def recipe(pattern: str, asked: int | None = None, part: str = 'neck', **backbone) -> Config:
    """That of a shipped config, which states the width `asked`."""
    (path, *_) = sorted((ROOT / 'configs').glob(pattern))
    cfg = load_config(path)
    cfg.model.backbone.update(backbone)
    if asked:
        cfg.model[part].in_channels = asked
    return cfg


@pytest.mark.parametrize(
    ('pattern', 'channels', 'asked'),
    [
        ('barlowtwins/*resnet50*_folder.py', 512, 2048),
        ('mixed_barlowtwins/*_stl10.py', 2048, 512),
        ('amcl/*_cifar10.py', 2048, 512),
        ('ablations/*_digits.py', 1024, 256),
        ('baselines/simclr*_cifar10.py', 2048, 512),
        ('baselines/swav*_cifar10.py', 2048, 512),
        ('baselines/byol*_cifar10.py', 2048, 512),
    ],
)
def test_a_backbone_of_another_depth_names_the_channels(pattern, channels, asked):
    check_width(recipe(pattern, asked))
    says = rf'^backbone gives {channels} channels: set model.neck.in_channels={channels} \(it is '
    with pytest.raises(InputError, match=rf'{says}{asked}\)\.$'):
        check_width(recipe(pattern, asked, depth=34 if channels == 512 else 50))


def test_the_classifier_of_the_supervised_baseline_is_checked_too():
    with pytest.raises(InputError, match=r'set model.head.in_channels=2048 \(it is 512\)'):
        check_width(recipe('baselines/supervised*200e_cifar10.py', 512, 'head', depth=50))


def test_the_last_of_several_outputs_counts():
    (folder,) = (ROOT / 'configs' / 'barlowtwins').glob('*_folder.py')
    check_width(recipe(f'barlowtwins/{folder.name}', 2048, out_indices=(0, 1, 2, 3)))
    with pytest.raises(InputError, match='backbone gives 1024 channels'):
        check_width(recipe(f'barlowtwins/{folder.name}', 2048, out_indices=(2,)))


def test_a_backbone_that_cannot_be_run_alone_is_left_to_the_run():
    check_width(recipe('barlowtwins/*_folder.py', type='mmbarlow.NoSuchNetwork'))


def test_training_does_not_start(run_tool, tmp_path):
    (path,) = (ROOT / 'configs' / 'barlowtwins').glob('*_resnet18_1xb128-coslr-70e_digits.py')
    options = ['--cfg-options', 'model.backbone.depth=50', 'model.neck.in_channels=256']
    status, _, err = run_tool('train.py', path, '--work-dir', tmp_path / 'work', *options)
    assert status == 2
    assert (
        err == 'error: backbone gives 1024 channels: set model.neck.in_channels=1024 (it is 256).\n'
    )
    assert not (tmp_path / 'work').exists()
