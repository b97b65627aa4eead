"""The studies: which trainings are compared, on which data, and what is published about them.

A training is named by the stem of its config. What is studied, and how the small data sets differ
from the paper: docs/ablations.md.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from mmbarlow.benchmarks.suites import BENCHMARKS
from mmbarlow.errors import InputError
from mmbarlow.zoo.runs import LABELS

CONFIGS = BENCHMARKS.parent
Key = str | float  # of a point: its words, or the number that is varied
Name = Callable[..., str]  # of a config, by its variant


@dataclass(frozen=True)
class Study:
    """One comparison.

    axis: what the points differ in.
    points: data set to point to config; the baseline of a data set is a point like the others.
    published: point to top-1 on ImageNet, linear, 300 epochs, as the paper or its author has it.
    source: where that stands, or why there is nothing.
    log: the numbers that are varied double from point to point.
    untrained: data set to the config of the network that is shown as it is before any training.
    small: the data sets whose trainings need no GPU.
    """

    title: str
    axis: str
    points: dict[str, dict[Key, str]]
    published: dict[Key, float]
    source: str
    log: bool = False
    untrained: dict[str, str] = field(default_factory=lambda: dict(UNTRAINED))
    small: tuple[str, ...] = ('digits', 'cifar10')


@dataclass(frozen=True)
class Measure:
    """A column of the tables: a metric of a benchmark. A data set's first one is drawn."""

    benchmark: str
    metric: str
    header: str


MEASURES = dict(
    digits=[
        Measure('fewlabel-knn_digits', 'top1_mean', 'kNN, 5 labels a class'),
        Measure('knn_digits', 'top1_k10', 'kNN, k = 10'),
        Measure('linear_digits', 'top1', 'linear'),
    ],
    cifar10=[
        Measure('knn_cifar10', 'top1_k200', 'kNN, k = 200'),
        Measure('linear_cifar10', 'top1', 'linear'),
    ],
    imagenet=[
        Measure('linear_imagenet', 'top1', 'linear'),
        Measure('knn_imagenet', 'top1_k10', 'kNN, k = 10'),
    ],
)


def digits(variant: str = '', batch: int = 128) -> str:
    return f'barlowtwins{variant}_resnet18_1xb{batch}-coslr-20e_digits'


def cifar10(variant: str = '') -> str:
    return f'barlowtwins{variant}_resnet18-stem7-c32_1xb256-coslr-6e_cifar10'


def imagenet(variant: str = '', batch: int = 2048) -> str:
    return f'barlowtwins{variant}_resnet50_8xb{batch // 8}-coslr-300e_in1k'


# That of digits is the network of the 20 and 30 epochs, too.
UNTRAINED = dict(digits='barlowtwins_resnet18_1xb128-coslr-70e_digits', cifar10=cifar10())
LOSSES: dict[Key, tuple[str, float]] = {  # with the top-1 of tables 5 and 6
    'baseline': ('', 71.4),
    'invariance term only': ('-invariance-only', 57.3),
    'redundancy term only': ('-redundancy-only', 0.1),
    'feature normalisation': ('-feature-norm', 69.8),
    'no BN': ('-no-bn', 71.2),
    'no BN, no normalisation': ('-no-bn-no-norm', 53.4),
    'cross-entropy': ('-cross-entropy', 63.3),
    'stop-gradient': ('-stop-gradient', 70.5),
    'predictor': ('-predictor', 70.2),
    'stop-gradient, predictor': ('-stop-gradient-predictor', 61.3),
}
VIEWS: dict[Key, str] = {
    'baseline': '',
    'no grayscale': '-no-gray',
    'no jitter either': '-no-gray-no-jitter',
}


def widths(name: Name, own: int, *others: int) -> dict[Key, str]:
    """`own` is the baseline's."""
    return {w: name('' if w == own else f'-width-{w}') for w in sorted([own, *others])}


def depths(name: Name) -> dict[Key, str]:
    return {d: name('' if d == 3 else f'-depth-{d}') for d in (1, 2, 3, 4)}


def lambdas(name: Name, *more: int) -> dict[Key, str]:
    """In thousandths; the baseline's is 0.0051."""
    others = {t / 1000: name(f'-lambda-{t}e-3') for t in (2, 7, 10, 15, 20, *more)}
    return dict(sorted({0.0051: name(), **others}.items()))


def neighbours(recipe: str) -> dict[Key, str]:
    """Every method that has a config of this recipe, a pattern; Barlow Twins first."""
    folders = ('barlowtwins', 'mixed_barlowtwins', 'amcl', 'baselines')
    found = [p.stem for f in folders for p in sorted((CONFIGS / f).glob(f'*_{recipe}.py'))]
    algorithms = {name: name.split('_')[0] for name in found}
    return {LABELS.get(a, a): name for name, a in algorithms.items()}


UNREADABLE = 'the paper draws its points and prints none of them'
STUDIES = dict(
    loss=Study(
        title='The loss',
        axis='variant of the loss',
        points={
            dataset: {words: name(variant) for words, (variant, _) in LOSSES.items()}
            for dataset, name in (('digits', digits), ('imagenet', imagenet))
        },
        published={words: top1 for words, (_, top1) in LOSSES.items()},
        source='paper, tables 5 and 6',
    ),
    augmentations=Study(
        title='Removing augmentations',
        axis='views',
        points=dict(
            cifar10={w: cifar10(v) for w, v in VIEWS.items()}
            | {'crop + flip': cifar10('-crop-flip'), 'crop': cifar10('-crop')},
            imagenet={w: imagenet(v) for w, v in VIEWS.items()}
            | {'crop + blur': imagenet('-crop-blur'), 'crop': imagenet('-crop')},
        ),
        published={'baseline': 71.4},
        source=f'paper, figure 3: {UNREADABLE}; crops alone are about 25 points under the baseline',
    ),
    batch=Study(
        title='Batch size',
        axis='batch size',
        points=dict(
            digits={b: digits(batch=b) for b in (32, 64, 128, 256, 512)},
            imagenet={b: imagenet(batch=b) for b in (128, 256, 512, 1024, 2048, 4096)},
        ),
        published={128: 69.7, 256: 70.7, 512: 71.4, 1024: 71.7, 2048: 71.4, 4096: 70.7},
        source='paper, figure 2; numbers and learning rates: the author, issue 7 of its code',
        log=True,
    ),
    width=Study(
        title='Width of the projector',
        axis='width of all three layers',
        points=dict(
            digits=widths(digits, 512, 16, 32, 64, 128, 256, 1024, 2048),
            imagenet=widths(imagenet, 8192, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 16384),
        ),
        published={8192: 71.4},
        source=f'paper, figure 4: {UNREADABLE}; it rises from about 56 up to the widest',
        log=True,
    ),
    depth=Study(
        title='Depth of the projector',
        axis='linear layers',
        points=dict(digits=depths(digits), imagenet=depths(imagenet)),
        published={3: 71.4},
        source='paper, section 4: more layers help, and 3 are enough; no other number is given',
    ),
    lambd=Study(
        title='Lambda',
        axis='lambda',
        points=dict(digits=lambdas(digits, 50, 100), imagenet=lambdas(imagenet)),
        published={0.0051: 71.4},
        source=f'paper, figure 5: {UNREADABLE}; all are between 70.8 and 71.6',
        log=True,
    ),
    neighbours=Study(
        title='Neighbours',
        axis='method',
        points=dict(
            digits=neighbours('resnet18_1xb128-coslr-30e_digits'),
            cifar10=neighbours('resnet18_1xb128-coslr-200e_cifar10'),
        ),
        published={},
        source='nothing is published on digits; for CIFAR-10 see docs/neighbours.md',
        untrained=UNTRAINED | dict(cifar10='barlowtwins_resnet18_1xb128-coslr-200e_cifar10'),
        small=('digits',),
    ),
)
SUITES = dict(ablations=[name for name in STUDIES if name != 'neighbours'])


def find(names: list[str]) -> list[str]:
    """The studies that the names stand for, each once; [] where they are of benchmarks alone.

    Raises:
        InputError: some are studies, others are not.
    """
    known = [name for name in names if name in SUITES or name in STUDIES]
    if known and len(known) < len(names):
        other = next(name for name in names if name not in known)
        raise InputError(
            f'{other} is no study: give studies ({", ".join([*SUITES, *STUDIES])}) or benchmarks, '
            'not both.'
        )
    return list(dict.fromkeys(part for name in known for part in SUITES.get(name, [name])))


def path(config: str) -> Path:
    """The config file of a training.

    Raises:
        InputError: there is none of this name.
    """
    for found in CONFIGS.glob(f'*/{config}.py'):
        return found
    raise InputError(f'there is no config {config}.py in {CONFIGS}.')
