"""What the config of a run decides, kept in its checkpoints and compared when it is resumed."""

import hashlib
import re
from collections.abc import Iterator
from typing import Any

from mmengine.config import Config

from mmbarlow.config import type_name
from mmbarlow.errors import InputError

# Of the parts of a config, these decide nothing of what is computed: where things are and what
# users see of them, how a run is evaluated, how processes are started. `adopt_seed` has the seed.
FREE = re.compile(
    r'(work_dir|launcher|log_level|log_processor|visualizer|experiment_name|load_from|resume'
    r'|(val|test)_(dataloader|evaluator|cfg)|model_wrapper_cfg|find_unused_parameters'
    r'|data_root|pretrained|env_cfg\.(mp_cfg|dist_cfg|resource_limit)|randomness\.seed'
    r'|default_hooks\.(logger|checkpoint|export|runtime_info|timer|visualization|prefetch|pixels'
    r'|spectrum|failure_signs|best)'
    r'|custom_hooks\.(TimeLimitHook|SyncTrainedBuffersHook|LiveBarHook|OnlineLinearHook'
    r'|FiguresHook)|asked|labeled|online|track'
    r'|train_cfg\.(val_interval|val_begin|dynamic_intervals)'
    r'|train_dataloader\.(num_workers|persistent_workers|pin_memory|prefetch_factor))(\.|$)'
)
# What checkpoints hold that have no `versions` yet.
FIRST_PARTS = ('model.', 'train_dataloader.', 'optim_wrapper.', 'param_scheduler.', 'train_cfg.')
EMPTY = (None, '{}', '[]', '()')  # what is in it, if anything, has keys of its own
LONG = 32  # entries of a list that are compared one by one, and changes that are told


def settings_of(cfg: Config) -> dict[str, Any]:
    """Plain values that decide what a run computes, by their key in the config."""
    return {key: value for key, value in plain_settings(cfg).items() if not FREE.match(key)}


def plain_settings(cfg: Config) -> dict[str, Any]:
    """Plain values by their key in the config; hooks in a list have their class for a number."""
    parts = cfg.to_dict()
    parts['custom_hooks'] = _by_class(parts.get('custom_hooks') or [])
    return dict(_flat(parts))


def changed_settings(meta: dict, cfg: Config) -> list[str]:
    """Each setting that is not as in the run whose `meta` a checkpoint holds, old and new value."""
    saved, own = meta['settings'], settings_of(cfg)
    if 'versions' not in meta:
        own = {key: value for key, value in own.items() if key.startswith(FIRST_PARTS)}
        saved = {key: value for key, value in saved.items() if not FREE.match(key)}
    return changes(saved, own)


def changes(saved: dict[str, Any], own: dict[str, Any]) -> list[str]:
    """Each value that is not as it was, with old and new one; of many, how many more there are."""
    keys = [key for key in {**saved, **own} if _differ(saved.get(key), own.get(key))]
    told = [f'{short(k)[1:-1]} {short(saved.get(k))}, now {short(own.get(k))}' for k in keys]
    more = len(told) - LONG
    return told if more <= 1 else [*told[:LONG], f'and {more} more']


def adopt_seed(cfg: Config, meta: dict, path: str) -> None:
    """Give a config without a seed that of the run that it resumes.

    Raises:
        InputError: it has another one; the order of the images would not be that of one run.
    """
    randomness = dict(cfg.get('randomness') or {})
    old, new = meta.get('seed'), randomness.get('seed')
    if old is not None and new is not None and old != new:
        raise InputError(
            f'{path} is of a run with the seed {old}, and this config has {new}: to resume it, '
            f'give --cfg-options randomness.seed={old}.'
        )
    if old is not None:
        cfg.randomness = randomness | dict(seed=old)


def short(value: Any) -> str:
    """The value in one line of less than 60 characters, without escapes of a terminal."""
    text = ascii(value)
    return text if len(text) < 60 else f'{text[:40]}...{text[-15:]}'


def _differ(old: Any, new: Any) -> bool:
    if old in EMPTY and new in EMPTY:
        return False
    return old != new and repr(old) != repr(new)  # NaN is not itself


def _by_class(hooks: Any) -> Any:
    """So that one hook more does not shift the numbers of the others."""
    if not all(isinstance(hook, dict) and 'type' in hook for hook in hooks):
        return hooks
    names = [type_name(hook['type']).rpartition('.')[2] for hook in hooks]
    again = [names[:i].count(name) for i, name in enumerate(names)]
    return {
        name + f' {number + 1}' * bool(number): hook
        for name, number, hook in zip(names, again, hooks, strict=True)
    }


def _flat(value: Any, key: str = '') -> Iterator[tuple[str, Any]]:
    if isinstance(value, list | tuple) and len(value) > LONG:
        digest = hashlib.sha256(_words(value).encode(errors='backslashreplace')).hexdigest()[:12]
        yield key, f'{len(value)} entries ({digest})'
    elif isinstance(value, dict | list | tuple) and value:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for name, child in items:
            yield from _flat(child, f'{key}.{name}' if key else str(name))
    else:
        plain = value is None or isinstance(value, bool | int | float | str)
        yield key, value if plain else _words(value)[:200]


def _words(value: Any) -> str:
    """Its `repr`, without addresses in memory, which differ in each process."""
    return re.sub(r' at 0x[0-9a-f]+', '', repr(value))
