"""The configs that each study compares: data set to point to the stem of a config.

A point is named by words, or by the number that is varied.
"""

from collections.abc import Mapping

from mmbarlow.paths import CONFIGS
from mmbarlow.zoo.runs import LABELS

PointName = str | float
Points = dict[str, dict[PointName, str]]

# Stems of configs, where {} is the variant; that of the recipe itself is empty.
_STEMS = dict(
    digits='barlowtwins{}_resnet18_1xb128-coslr-20e_digits',
    cifar10='barlowtwins{}_resnet18-stem7-c16_1xb128-coslr-1e_cifar10',
    imagenet='barlowtwins{}_resnet50_8xb256-coslr-300e_in1k',
)
_VIEWS_STEM = dict(_STEMS, cifar10='barlowtwins{}_resnet18-stem7-c16_1xb128-coslr-3e_cifar10')


def _points(stems: dict[str, str] = _STEMS, **variants: Mapping) -> Points:
    """Point to variant, for each data set."""
    return {d: {p: stems[d].format(v) for p, v in own.items()} for d, own in variants.items()}


def _methods(recipe: str, *folders: str) -> dict[PointName, str]:
    """Every method that has a config of this recipe in these folders."""
    found = [p.stem for f in folders for p in sorted((CONFIGS / f).glob(f'*_{recipe}.py'))]
    return {LABELS.get(name.split('_')[0], name): name for name in found}


_LOSSES = {
    'recipe': '',
    'invariance term only': '-invariance-only',
    'redundancy term only': '-redundancy-only',
    'feature normalization': '-feature-norm',
    'no BN': '-no-bn',
    'no BN, no normalization': '-no-bn-no-norm',
    'cross-entropy': '-cross-entropy',
    'stop-gradient': '-stop-gradient',
    'predictor': '-predictor',
    'stop-gradient, predictor': '-stop-gradient-predictor',
}
_VIEWS = {'recipe': '', 'no grayscale': '-no-gray', 'no jitter either': '-no-gray-no-jitter'}
_WIDTHS = {x: f'-width-{x}' for x in (16, 32, 64, 128, 256, 512, 1024, 2048)}
_WIDER = {4096: '-width-4096', 8192: '', 16384: '-width-16384'}
_DEPTHS = {1: '-depth-1', 2: '-depth-2', 3: '', 4: '-depth-4'}
_LAMBDAS = {0.002: '-lambda-2e-3', 0.0051: ''}
_LAMBDAS |= {x / 1000: f'-lambda-{x}e-3' for x in (7, 10, 15, 20)}

LOSS = _points(digits=_LOSSES, cifar10=_LOSSES, imagenet=_LOSSES)
AUGMENTATIONS = _points(
    _VIEWS_STEM,
    cifar10=_VIEWS | {'crop + flip': '-crop-flip', 'crop': '-crop'},
    imagenet=_VIEWS | {'crop + blur': '-crop-blur', 'crop': '-crop'},
)
_PER_GPU = (16, 32, 64, 128, 256, 512)
_ONE_GPU = (32, 64, 128, 256, 512)
BATCH: Points = dict(
    digits={n: f'barlowtwins_resnet18_1xb{n}-coslr-20e_digits' for n in _ONE_GPU},
    cifar10={n: f'barlowtwins_resnet18-stem7-c16_1xb{n}-coslr-1e_cifar10' for n in _ONE_GPU},
    imagenet={n * 8: f'barlowtwins_resnet50_8xb{n}-coslr-300e_in1k' for n in _PER_GPU},
)
_QUICK_WIDTHS = {x: _WIDTHS[x] for x in (16, 64, 256)} | {512: ''}
_QUICK_WIDTHS |= {x: _WIDTHS[x] for x in (1024, 2048)}
WIDTH = _points(digits=_WIDTHS | {512: ''}, cifar10=_QUICK_WIDTHS, imagenet=_WIDTHS | _WIDER)
DEPTH = _points(digits=_DEPTHS, cifar10=_DEPTHS, imagenet=_DEPTHS)
_LARGEST = {0.1: '-lambda-100e-3'}
LAMBDA = _points(
    digits=_LAMBDAS | {0.05: '-lambda-50e-3'} | _LARGEST,
    cifar10={x: _LAMBDAS[x] for x in (0.002, 0.0051, 0.01, 0.02)} | _LARGEST,
    imagenet=_LAMBDAS,
)
# As many views of all images in all but multi-crop, which takes the time of two views. With half a
# batch there are as many steps, too.
VIEWS: Points = dict(
    digits={
        '2 views': 'barlowtwins_resnet18_1xb128-coslr-40e_digits',
        '4 views': 'barlowtwins-4views_resnet18_1xb128-coslr-20e_digits',
        '4 views, half a batch': 'barlowtwins-4views_resnet18_1xb64-coslr-20e_digits',
        '8 views': 'barlowtwins-8views_resnet18_1xb128-coslr-10e_digits',
        'multi-crop': 'barlowtwins-multicrop_resnet18_1xb128-coslr-17e_digits',
    },
    cifar10={
        '2 views': 'barlowtwins_resnet18-stem7-c16_1xb128-coslr-4e_cifar10',
        '4 views': 'barlowtwins-4views_resnet18-stem7-c16_1xb128-coslr-2e_cifar10',
        '4 views, half a batch': 'barlowtwins-4views_resnet18-stem7-c16_1xb64-coslr-2e_cifar10',
        '8 views': 'barlowtwins-8views_resnet18-stem7-c16_1xb128-coslr-1e_cifar10',
        'multi-crop': 'barlowtwins-multicrop_resnet18-stem7-c16_1xb128-coslr-2e_cifar10',
    },
)
_COMPARED = ('barlowtwins', 'mixed_barlowtwins', 'amcl', 'baselines')
METHODS = dict(
    digits=_methods('resnet18_1xb128-coslr-30e_digits', *_COMPARED),
    cifar10=_methods('resnet18_1xb128-coslr-200e_cifar10', *_COMPARED),
)
FAMILY: Points = {
    data: {LABELS['barlowtwins']: _STEMS[data].format('')}
    | _methods(_STEMS[data].format('').removeprefix('barlowtwins_'), 'family')
    for data in ('digits', 'cifar10')
}
# Before its training the network of the 20 epochs on digits is that of the 70 epochs, and on
# CIFAR-10 that of one epoch is that of three.
UNTRAINED_CONFIGS = dict(
    digits='barlowtwins_resnet18_1xb128-coslr-70e_digits',
    cifar10=_VIEWS_STEM['cifar10'].format(''),
)
