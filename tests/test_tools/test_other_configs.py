"""Configs of mmpretrain, and those with modules of the user's own, train through tools/train.py."""

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def photos(tmp_path):
    """Two images of each of four classes, in splits."""
    rng = np.random.default_rng(0)
    for split in ('train', 'val'):
        for name in 'abcd':
            folder = tmp_path / 'photos' / split / name
            folder.mkdir(parents=True)
            for i in range(2):
                pixels = rng.integers(0, 256, (40, 40, 3), np.uint8)
                Image.fromarray(pixels).save(folder / f'{i}.jpg')
    return tmp_path / 'photos'


CLASSES = "metainfo.classes=('a','b','c','d')"
ONE_STEP = [
    'train_cfg.max_epochs=1',
    'train_dataloader.batch_size=8',
    f'train_dataloader.dataset.{CLASSES}',
]


@pytest.mark.parametrize(
    ('config', 'options'),
    [
        (
            'mmpretrain::resnet/resnet18_8xb32_in1k.py',
            [f'val_dataloader.dataset.{CLASSES}', 'model.head.num_classes=4'],
        ),
        (
            'mmpretrain::simsiam/simsiam_resnet50_8xb32-coslr-100e_in1k.py',
            ['model.backbone.depth=18', 'model.neck.in_channels=512'],
        ),
    ],
)
def test_a_config_of_mmpretrain_trains_a_step(config, options, run_tool, photos, tmp_path):
    loaders = [f'{key}_dataloader' for key in ('train', 'val', 'test')]
    if 'simsiam' in config:  # through a config of the user, in which MMEngine notes the package
        (tmp_path / 'own.py').write_text(f'_base_ = {config!r}\n')
        loaders, config = loaders[:1], tmp_path / 'own.py'
    options = [f'{key}.dataset.data_root={photos}' for key in loaders] + options
    options += [f'{key}.num_workers=0' for key in loaders]
    status, out, err = run_tool(
        *('train.py', config, '--work-dir', tmp_path / 'out', '--cfg-options'),
        *(*options, *ONE_STEP),
    )
    assert status == 0, err
    assert 'epoch 1 of 1, step 1 of 1: loss ' in out
    assert 'top5' not in out  # of four classes
    assert (tmp_path / 'out' / 'epoch_1.pth').is_file()


def test_a_warm_up_of_theirs_that_takes_all_is_a_sentence(run_tool, photos, tmp_path):
    config = 'mmpretrain::barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'
    status, _, err = run_tool(
        *('train.py', config, '--work-dir', tmp_path / 'out', '--cfg-options'),
        *(f'train_dataloader.dataset.data_root={photos}', *ONE_STEP),
    )
    assert status == 2
    assert 'a warm-up of 10 epochs leaves nothing of a training of 1' in err
    assert not (tmp_path / 'out').exists()


def test_a_module_beside_the_config_is_found(run_tool, digits_config, small, tmp_path, monkeypatch):
    (tmp_path / 'cfg' / 'own_plugin').mkdir(parents=True)
    (tmp_path / 'cfg' / 'own_plugin' / '__init__.py').write_text(
        'from mmpretrain.models import ResNet\nfrom mmpretrain.registry import MODELS\n\n\n'
        '@MODELS.register_module()\nclass OwnNet(ResNet):\n    pass\n'
    )
    own = tmp_path / 'cfg' / 'own.py'
    own.write_text(
        f"_base_ = {str(digits_config)!r}\ncustom_imports = dict(imports=['own_plugin'])\n"
        "model = dict(backbone=dict(type='mmpretrain.OwnNet'))\n"
    )
    status, _, err = run_tool(
        'train.py', own, '--work-dir', tmp_path / 'out', '--cfg-options', *small
    )
    assert status == 0, err


PYTHON_STYLE = """
from mmengine.dataset import default_collate
from mmengine.optim import OptimWrapper
from mmpretrain.datasets import PackInputs
from mmpretrain.models import ResNet, SelfSupDataPreprocessor
from torch.optim import SGD

from mmbarlow.datasets import ImageFolder, TwinViews, ViewSampler
from mmbarlow.engine import ExportHook
from mmbarlow.models import BarlowTwins, BarlowTwinsNeck, CrossCorrelationHead

model = dict(
    type=BarlowTwins,
    backbone=dict(type=ResNet, depth=18),
    neck=dict(type=BarlowTwinsNeck, in_channels=512, hid_channels=16, out_channels=16),
    head=dict(type=CrossCorrelationHead, in_channels=16),
    data_preprocessor=dict(type=SelfSupDataPreprocessor, mean=[0, 0, 0], std=[1, 1, 1]),
)
pipeline = [
    dict(type=TwinViews, size=32, view_a=dict(), view_b=dict()),
    dict(type=PackInputs),
]
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    sampler=dict(type=ViewSampler),
    collate_fn=dict(type=default_collate),
    dataset=dict(type=ImageFolder, data_root=DATA, pipeline=pipeline),
)
optim_wrapper = dict(type=OptimWrapper, optimizer=dict(type=SGD, lr=0.01))
train_cfg = dict(by_epoch=True, max_epochs=1)
default_hooks = dict(export=dict(type=ExportHook))
"""


def test_a_config_in_python_style_leaves_a_backbone_that_can_be_built(run_tool, photos, tmp_path):
    from mmbarlow.apis import get_model

    (own := tmp_path / 'own.py').write_text(PYTHON_STYLE.replace('DATA', repr(str(photos))))
    status, _, err = run_tool('train.py', own, '--work-dir', tmp_path / 'out')
    assert status == 0, err
    assert get_model(tmp_path / 'out' / 'own_backbone.pth').backbone.depth == 18
