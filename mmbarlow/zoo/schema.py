"""What each field of a record must be, and messages that say so."""

import json
import re
from collections.abc import Callable
from datetime import date
from itertools import pairwise
from typing import TypeGuard

from mmbarlow.errors import InputError
from mmbarlow.paths import BENCHMARKS
from mmbarlow.zoo.names import from_left

Check = Callable[[object], bool]

# A folder of configs/benchmarks/ is a task; 'finetune' is of a user's own labels, or published;
# those of a report card are measured without a config.
CARD = (
    'logistic',
    'attentive',
    'fewshot',
    'calibration',
    'robustness',
    'segmentation',
    'detection',
)
FOLDERS = sorted({p.parent.name for p in BENCHMARKS.glob('*/*.py')})
TASKS = ('pretrain', 'finetune', *FOLDERS, *CARD)
OPTIONAL = ('benchmark_seed', 'curve', 'recipe_changed')
WITHOUT_CHECKPOINT = ('untrained', 'pixels')  # models
PERCENT = re.compile(r'(^|/)(mask_|bbox_)?(m?AP|AR|top\d|acc|mIoU|[am]Acc)')  # metrics
WHOLE = 'a whole number from 0 up'


def _matches(pattern: str) -> Check:
    found = re.compile(pattern)
    return lambda value: isinstance(value, str) and found.fullmatch(value) is not None


def _name(value: object) -> bool:
    """Words of any script that is written from the left: the others turn a row around."""
    return _words(value) and from_left(str(value))


def _text(most: int) -> Check:
    """One line of at most so many characters, all of which show: none that turns the text around,
    moves the cursor or is no character."""

    def check(value: object) -> bool:
        if not isinstance(value, str) or not 0 < len(value) <= most:
            return False
        return value == value.strip() and value.isprintable()

    return check


def _number(value: object, least: float = -1e9, most: float = 1e9) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def _object_of(name: Check, check: Callable[[str, object], bool]) -> Check:
    def fits(value: object) -> bool:
        if not isinstance(value, dict) or not 0 < len(value) <= 100:
            return False
        return all(name(key) and check(key, item) for key, item in value.items())

    return fits


def _metric(name: str, value: object) -> bool:
    """Losses are any number, counts of epochs and steps are from 0 up, what is known is percent."""
    if name.split('/')[-1].startswith('loss'):
        return _number(value)
    if name in ('epoch', 'epochs', 'iteration'):
        return _number(value, 0)
    own = '/' in name and not PERCENT.search(name)  # of a user's evaluation, logged under its name
    return _number(value) if own else _number(value, 0, 100)


def _seed(value: object) -> bool:
    return isinstance(value, int) and _number(value, 0, 2**32 - 1)


def _points(value: object) -> bool:
    """Points of one kind, each with `epoch` or `iteration`, which grow."""
    if not (isinstance(value, list) and 0 < len(value) <= 10_000 and all(map(_metrics, value))):
        return False
    unit = 'epoch' if 'epoch' in value[0] else 'iteration'
    at = [point.get(unit, -1) for point in value]
    return at[0] >= 0 and all(before < after for before, after in pairwise(at))


def _day(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


_words = _matches(r'\w[\w.-]{0,119}')  # fit for a file name
_commit = _matches('unknown|[0-9a-f]{40}(-dirty)?')
_metrics = _object_of(_text(60), _metric)
_versions = _object_of(_name, lambda _, value: _text(60)(value))

# field: (check, what it must be)
FIELDS: dict[str, tuple[Check, str]] = {
    'config': (
        _name,
        "the file stem of the config: the benchmark's, or for 'pretrain' the recipe's",
    ),
    'task': (lambda value: value in TASKS, f'one of {", ".join(TASKS)}'),
    'dataset': (_name, "the data set's name, such as digits, cifar10 or imagenet"),
    'metrics': (_metrics, 'a flat object of numbers by name, accuracies and AP from 0 to 100'),
    'model': (_name, 'what was evaluated: barlowtwins, supervised, untrained, pixels, ...'),
    'pretrain_config': (_or_null(_name), 'the file stem of the pretraining config, or null'),
    'checkpoint_sha256': (_or_null(_matches('[0-9a-f]{64}')), '64 hexadecimal digits, or null'),
    'seed': (_seed, f'the seed of the pretraining or of the untrained weights, {WHOLE}'),
    'commit': (_commit, "40 hexadecimal digits, with -dirty after them if so, or 'unknown'"),
    'versions': (_versions, 'an object of version numbers as text, by package'),
    'hardware': (_text(300), 'the CPU and GPUs in words, on one line'),
    'wall_time_s': (
        lambda value: _number(value, 0),
        'the seconds that this result took, not counting the pretraining before it',
    ),
    'date': (_day, 'a date as YYYY-MM-DD'),
    'scale': (_text(600), "'full', or one sentence on what was reduced"),
    'command': (_text(4000), 'the command that made the result, on one line'),
    'benchmark_seed': (_seed, f"the seed of the benchmark's own draws, {WHOLE}, or left out for 0"),
    'curve': (
        _or_null(_points),
        'a list of objects of numbers, one for each epoch or logged iteration, or left out',
    ),
    'recipe_changed': (
        _or_null(_text(300)),
        'one sentence on what its config has changed since, on one line, or left out',
    ),
}


def validate(data: object, where: str) -> None:
    """Check a record as read from JSON, its fields by name; `where` is the file, for messages.

    Raises:
        InputError: with the file, the field and what it must be.
    """
    if not isinstance(data, dict):
        raise InputError(f'{where}: a record is one JSON object of fields.')
    if unknown := [name for name in data if name not in FIELDS]:
        raise InputError(f'{where}: remove the unknown field {unknown[0]!r:.60}.')
    for name, (check, must) in FIELDS.items():
        if name not in data:
            if name not in OPTIONAL:
                raise InputError(f'{where}: add the missing field {name!r}: {must}.')
        elif not check(data[name]):
            value = json.dumps(data[name], default=str)
            value = value if len(value) <= 60 else f'{value[:57]}...'
            raise InputError(f'{where}: the field {name!r} must be {must}; it is {value}.')
    for name in ('pretrain_config', 'checkpoint_sha256'):
        if data[name] is None and data['model'] not in WITHOUT_CHECKPOINT:
            raise InputError(
                f'{where}: the field {name!r} may be null only where the model is '
                f'{" or ".join(WITHOUT_CHECKPOINT)}, and it is {data["model"]}.'
            )
