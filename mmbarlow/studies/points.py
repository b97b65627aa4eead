"""The configs that each study compares: data set to point to the stem of a config.

A point is named by words, or by the number that is varied.
"""

from collections.abc import Callable, Iterable

from mmbarlow.paths import CONFIGS
from mmbarlow.zoo.runs import LABELS

Key = str | float
Name = Callable[[str], str]  # of a config, by its variant


def digits(variant: str = '', batch: int = 128) -> str:
    return f'barlowtwins{variant}_resnet18_1xb{batch}-coslr-20e_digits'


def cifar10(variant: str = '') -> str:
    return f'barlowtwins{variant}_resnet18-stem7-c32_1xb256-coslr-6e_cifar10'


def imagenet(variant: str = '', batch: int = 2048) -> str:
    return f'barlowtwins{variant}_resnet50_8xb{batch // 8}-coslr-300e_in1k'


def _words(name: Name, variants: dict[str, str]) -> dict[Key, str]:
    return {words: name(variant) for words, variant in variants.items()}


def _numbers(name: Name, form: str, recipe: float, numbers: Iterable[float]) -> dict[Key, str]:
    """`form` makes the variant of a number, or of its thousandths, if it is not the recipe's."""
    return {x: name('' if x == recipe else form.format(x, round(1000 * x))) for x in numbers}


def _methods(recipe: str) -> dict[Key, str]:
    """Every method that has a config of this recipe; Barlow Twins first."""
    folders = ('barlowtwins', 'mixed_barlowtwins', 'amcl', 'baselines')
    found = [p.stem for f in folders for p in sorted((CONFIGS / f).glob(f'*_{recipe}.py'))]
    algorithms = {name: name.split('_')[0] for name in found}
    return {LABELS.get(a, a): name for name, a in algorithms.items()}


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
_WIDTHS = [16, 32, 64, 128, 256, 512, 1024, 2048]
_LAMBDAS = [0.002, 0.0051, 0.007, 0.01, 0.015, 0.02]

LOSS = dict(digits=_words(digits, _LOSSES), imagenet=_words(imagenet, _LOSSES))
AUGMENTATIONS = dict(
    cifar10=_words(cifar10, _VIEWS | {'crop + flip': '-crop-flip', 'crop': '-crop'}),
    imagenet=_words(imagenet, _VIEWS | {'crop + blur': '-crop-blur', 'crop': '-crop'}),
)
BATCH: dict[str, dict[Key, str]] = dict(
    digits={b: digits(batch=b) for b in (32, 64, 128, 256, 512)},
    imagenet={b: imagenet(batch=b) for b in (128, 256, 512, 1024, 2048, 4096)},
)
WIDTH = dict(
    digits=_numbers(digits, '-width-{}', 512, _WIDTHS),
    imagenet=_numbers(imagenet, '-width-{}', 8192, [*_WIDTHS, 4096, 8192, 16384]),
)
DEPTH = dict(
    digits=_numbers(digits, '-depth-{}', 3, (1, 2, 3, 4)),
    imagenet=_numbers(imagenet, '-depth-{}', 3, (1, 2, 3, 4)),
)
LAMBDA = dict(
    digits=_numbers(digits, '-lambda-{1}e-3', 0.0051, [*_LAMBDAS, 0.05, 0.1]),
    imagenet=_numbers(imagenet, '-lambda-{1}e-3', 0.0051, _LAMBDAS),
)
BASELINES = dict(
    digits=_methods('resnet18_1xb128-coslr-30e_digits'),
    cifar10=_methods('resnet18_1xb128-coslr-200e_cifar10'),
)
# Before its training the network of the 20 epochs on digits is that of the 70 epochs.
UNTRAINED = dict(digits='barlowtwins_resnet18_1xb128-coslr-70e_digits', cifar10=cifar10())
