"""What each field of a record must be, and messages that say so."""

import json
import re
from collections.abc import Callable
from datetime import date
from math import isfinite
from numbers import Real
from typing import TypeGuard

from mmbarlow.errors import InputError
from mmbarlow.paths import BENCHMARKS

Check = Callable[[object], bool]

# A folder of configs/benchmarks/ is a task; 'finetune' has published numbers only.
TASKS = ('pretrain', 'finetune', *sorted({p.parent.name for p in BENCHMARKS.glob('*/*.py')}))
OPTIONAL = ('benchmark_seed', 'curve', 'recipe_changed')
WITHOUT_CHECKPOINT = ('untrained', 'pixels')  # models
WHOLE = 'a whole number from 0 up'


def _matches(pattern: str) -> Check:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _number(value: object) -> TypeGuard[float]:
    return isinstance(value, Real) and not isinstance(value, bool) and isfinite(value)


def _object_of(check: Check) -> Check:
    return lambda value: isinstance(value, dict) and bool(value) and all(map(check, value.values()))


def _seed(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _points(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_metrics, value))


def _day(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


_name = _matches(r'\w[\w.-]*')  # fit for a file name
_line = _matches(r'\S(.*\S)?')
_commit = _matches('unknown|[0-9a-f]{40}(-dirty)?')
_metrics = _object_of(_number)

# field: (check, what it must be)
FIELDS: dict[str, tuple[Check, str]] = {
    'config': (
        _name,
        "the file stem of the config: the benchmark's, or for 'pretrain' the recipe's",
    ),
    'task': (lambda value: value in TASKS, f'one of {", ".join(TASKS)}'),
    'dataset': (_name, "the data set's name, such as digits, cifar10 or imagenet"),
    'metrics': (_metrics, 'a flat object of finite numbers, accuracies in percent'),
    'model': (_name, 'what was evaluated: barlowtwins, supervised, untrained, pixels, ...'),
    'pretrain_config': (_or_null(_name), 'the file stem of the pretraining config, or null'),
    'checkpoint_sha256': (_or_null(_matches('[0-9a-f]{64}')), '64 hexadecimal digits, or null'),
    'seed': (_seed, f'the seed of the pretraining or of the untrained weights, {WHOLE}'),
    'commit': (_commit, "40 hexadecimal digits, with -dirty after them if so, or 'unknown'"),
    'versions': (_object_of(_line), 'an object of version numbers as text, by package'),
    'hardware': (_line, 'the CPU and GPUs in words, on one line'),
    'wall_time_s': (
        lambda value: _number(value) and value >= 0,
        'the seconds that this result took, not counting the pretraining before it',
    ),
    'date': (_day, 'a date as YYYY-MM-DD'),
    'scale': (_line, "'full', or one sentence on what was reduced"),
    'command': (_line, 'the command that made the result, on one line'),
    'benchmark_seed': (_seed, f"the seed of the benchmark's own draws, {WHOLE}, or left out for 0"),
    'curve': (
        _or_null(_points),
        'a list of objects of finite numbers, one an epoch or a logged step, or left out',
    ),
    'recipe_changed': (
        _or_null(_line),
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
        raise InputError(f'{where}: remove the unknown field {unknown[0]!r}.')
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
