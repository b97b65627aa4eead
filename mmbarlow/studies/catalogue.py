"""The studies: what is compared, on which data, and what is published about it.

Why these points, and how the small data sets differ from the paper: docs/ablations.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mmbarlow.errors import InputError
from mmbarlow.paths import CONFIGS
from mmbarlow.studies import points
from mmbarlow.studies.points import UNTRAINED_CONFIGS, PointName, Points
from mmbarlow.zoo import references


@dataclass(frozen=True)
class Study:
    """One comparison."""

    title: str
    axis: str  # what the points differ in
    points: Points  # the recipe itself is one of them
    source: str  # where the published numbers stand, or why there are none
    published: dict[PointName, float] = field(default_factory=dict)  # top-1, linear, 300 epochs
    log: bool = False  # the numbers that are varied double from point to point
    untrained: dict[str, str] = field(default_factory=UNTRAINED_CONFIGS.copy)
    small: tuple[str, ...] = ('digits', 'cifar10')  # the data sets that need no GPU


def published(*tables: str, key: str = 'point') -> dict[PointName, float]:
    """Top-1 of the published results in these tables, by a field of theirs."""
    found = (r for r in references.results() if r.get('table') in tables)
    return {r[key]: float(r['metrics']['top1']) for r in found}


LOSSES = published('loss', 'asymmetry')
RECIPE = LOSSES['recipe']
NOT_PRINTED = 'the paper draws its points and prints none of them'
STUDIES = dict(
    loss=Study(
        title='The loss',
        axis='variant of the loss',
        points=points.LOSS,
        source='paper, tables 5 and 6',
        published=LOSSES,
    ),
    augmentations=Study(
        title='Removing augmentations',
        axis='views',
        points=points.AUGMENTATIONS,
        source=f'paper, figure 3: {NOT_PRINTED}; crops alone are about 25 points under the recipe',
        published={'recipe': RECIPE},
    ),
    batch=Study(
        title='Batch size',
        axis='batch size',
        points=points.BATCH,
        source='paper, figure 2; numbers and learning rates: the author, issue 7 of its code',
        published=published('batch', key='batch'),
        log=True,
    ),
    width=Study(
        title='Width of the projector',
        axis='width of all three layers',
        points=points.WIDTH,
        source=f'paper, figure 4: {NOT_PRINTED}; it rises from about 56 up to the widest',
        published={8192: RECIPE},
        log=True,
    ),
    depth=Study(
        title='Depth of the projector',
        axis='linear layers',
        points=points.DEPTH,
        source='paper, section 4: more layers help, and 3 are enough; no other number is given',
        published={3: RECIPE},
    ),
    lambd=Study(
        title='Lambda',
        axis='lambda',
        points=points.LAMBDA,
        source=f'paper, figure 5: {NOT_PRINTED}; all are between 70.8 and 71.6',
        published={0.0051: RECIPE},
        log=True,
    ),
    views=Study(
        title='Several views',
        axis='views of an image',
        points=points.VIEWS,
        source='nothing for Barlow Twins',
    ),
    baselines=Study(
        title='Baselines',
        axis='method',
        points=points.METHODS,
        source='nothing is published on digits; for CIFAR-10 see docs/baselines.md',
        untrained=UNTRAINED_CONFIGS
        | dict(cifar10='barlowtwins_resnet18_1xb128-coslr-200e_cifar10'),
        small=('digits',),
    ),
    family=Study(
        title='The family of losses',
        axis='loss',
        points=points.FAMILY,
        source='nothing is published at this size; what each loss is: docs/family.md',
    ),
)
APART = 'views', 'family', 'baselines'  # what is no ablation of the paper
GROUPS = dict(ablations=[name for name in STUDIES if name not in APART])


def find_studies(names: list[str]) -> list[str]:
    """The studies that the names stand for, each once; [] where all names are of benchmarks.

    Raises:
        InputError: some are studies, others are not.
    """
    others = [name for name in names if name not in GROUPS and name not in STUDIES]
    if 0 < len(others) < len(names):
        raise InputError(
            f'{others[0]} is no study: give studies ({", ".join([*GROUPS, *STUDIES])}) or '
            'benchmarks, not both.'
        )
    if others:
        return []
    return list(dict.fromkeys(part for name in names for part in GROUPS.get(name, [name])))


def comparisons(
    names: list[str], datasets: list[str] | None = None
) -> Iterator[tuple[str, Study, str]]:
    """Each study by name, with each of its data sets among `datasets`; None: that need no GPU.

    Raises:
        InputError: no study has one of the data sets.
    """
    known = dict.fromkeys(data for name in names for data in STUDIES[name].points)
    for data in datasets or []:
        if data not in known:
            raise InputError(f'{" ".join(names)} on {data}: there is {", ".join(known)}.')
    for name in names:
        for data in datasets or STUDIES[name].small:
            if data in STUDIES[name].points:
                yield name, STUDIES[name], data


def config_path(name: str) -> Path:
    """The config file of a point.

    Raises:
        InputError: there is none of this name.
    """
    for found in CONFIGS.glob(f'*/{name}.py'):
        return found
    raise InputError(f'there is no config {name}.py in {CONFIGS}.')
