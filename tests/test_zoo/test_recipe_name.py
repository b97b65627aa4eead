"""A config's name says which model and data set its record is of."""

import pytest
from mmengine.config import Config

from mmbarlow.paths import CONFIGS
from mmbarlow.zoo.recipe_name import algorithm_and_dataset
from mmbarlow.zoo.runs import LABELS

PRETRAINING = [p for p in sorted(CONFIGS.glob('*/*.py')) if p.parent.name != '_base_']
MODELS = dict(
    ablations='barlowtwins',
    barlowtwins='barlowtwins',
    mixed_barlowtwins='mixed-barlowtwins',
    amcl='amcl-barlowtwins',
    two_modalities='decur',
)
DATASETS = dict(
    archive='archive',
    cifar10='cifar10',
    cifar100='cifar100',
    cifar100_folders='cifar100',
    cifar10_folders='cifar10',
    cifar10_ycbcr='cifar10_ycbcr',
    digits='digits',
    folder='folder',
    imagenette='imagenette',
    in1k='imagenet',
    in1k_list='imagenet',
    pairs='pairs',
    ssl4eo='ssl4eo',
    stl10='stl10',
    tinyimagenet='tinyimagenet',
)
STEM7 = 'the ImageNet stem on 32 px'
HALVES = f'of every second image, a quarter of the channels, and {STEM7}'
# How the names of the reduced recipes end, and what their records say; all others are full. The
# first that fits counts.
REDUCED = {
    'barlowtwins_resnet18-stem7_1xb256-coslr-8e_cifar10': (
        f'8 epochs of AdamW instead of 200 of SGD, and {STEM7}'
    ),
    'barlowtwins_resnet50-stem7_1xb128-coslr-6e_cifar10': (
        f'6 epochs of every tenth image, and {STEM7}; kNN with every tenth image, too'
    ),
    'supervised_resnet18-stem7_1xb256-coslr-8e_cifar10': f'8 epochs, and {STEM7}',
    '-c32_1xb256-coslr-6e_cifar10': f'6 epochs, half of the channels, and {STEM7}',
    '-4views_resnet18-stem7-c16_1xb128-coslr-2e_cifar10': f'2 epochs of four views {HALVES}',
    '-4views_resnet18-stem7-c16_1xb64-coslr-2e_cifar10': (
        f'2 epochs of four views of half a batch {HALVES}'
    ),
    '-8views_resnet18-stem7-c16_1xb128-coslr-1e_cifar10': f'1 epoch of eight views {HALVES}',
    '-multicrop_resnet18-stem7-c16_1xb128-coslr-2e_cifar10': f'2 epochs of multi-crop {HALVES}',
    'barlowtwins_resnet18-stem7-c16_1xb128-coslr-4e_cifar10': f'4 epochs {HALVES}',
    '-4views_resnet18_1xb128-coslr-20e_digits': '20 epochs of four views',
    '-4views_resnet18_1xb64-coslr-20e_digits': '20 epochs of four views of half a batch',
    '-8views_resnet18_1xb128-coslr-10e_digits': '10 epochs of eight views',
    '-multicrop_resnet18_1xb128-coslr-17e_digits': '17 epochs of multi-crop',
    'barlowtwins_resnet18_1xb128-coslr-40e_digits': '40 epochs instead of 70',
    '-c32_1xb128-coslr-1e_cifar10': f'1 epoch, half of the channels, and {STEM7}',
    '-coslr-1e_cifar10': f'1 epoch, a quarter of the channels, and {STEM7}',
    '-c16_1xb128-coslr-3e_cifar10': f'3 epochs, a quarter of the channels, and {STEM7}',
    'barlowtwins_resnet18-stem7_1xb256-coslr-6e_cifar10': f'6 epochs, and {STEM7}',
    '-4views_resnet18-stem7_1xb256-coslr-3e_cifar10': f'3 epochs of four views, and {STEM7}',
    '-multicrop_resnet18-stem7_1xb256-coslr-4e_cifar10': f'4 epochs of multi-crop, and {STEM7}',
    '-p8_1xb256-coslr-5e_cifar10': '5 epochs, of a vision transformer for 32 px',
    '-c32_1xb256-coslr-2e_cifar10_ycbcr': f'2 epochs, half of the channels, and {STEM7}',
    '-20e_digits': '20 epochs instead of 70',
}


@pytest.mark.parametrize('path', PRETRAINING, ids=lambda p: p.stem)
def test_a_shipped_name_says_the_model_and_the_data_set(path):
    model = MODELS.get(path.parent.name, path.stem.split('_')[0])
    assert model in LABELS
    dataset = DATASETS[path.stem.rsplit('e_', 1)[1]]
    assert algorithm_and_dataset(path.stem) == (model, dataset)


@pytest.mark.parametrize('path', PRETRAINING, ids=lambda p: p.stem)
def test_a_config_states_what_it_reduces_and_nothing_that_its_name_says(path):
    export = Config.fromfile(path).default_hooks.export
    scale = next((text for end, text in REDUCED.items() if path.stem.endswith(end)), 'full')
    assert export.get('scale', 'full') == scale
    assert export.keys() <= {'type', 'scale'}


def test_a_model_that_the_zoo_does_not_know_keeps_its_name():
    stem = '{}_resnet18_1xb64-coslr-50e_moths'
    assert algorithm_and_dataset(stem.format('vicreg')) == ('vicreg', 'moths')
    assert algorithm_and_dataset(stem.format('byolike')) == ('byolike', 'moths')
    assert algorithm_and_dataset(stem.format('byol-long')) == ('byol', 'moths')


@pytest.mark.parametrize(
    'stem', ['mine', 'barlowtwins_resnet50', 'x_y_1xb2-coslr-3_z', 'linear_in1k']
)
def test_another_name_says_nothing(stem):
    assert algorithm_and_dataset(stem) is None
