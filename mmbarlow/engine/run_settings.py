"""What a run was started with, kept in its checkpoints and compared when it is resumed."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner

from mmbarlow.checkpoints import unwrap
from mmbarlow.engine.terminal import batch_size
from mmbarlow.errors import InputError
from mmbarlow.loss.distributed import world_size

PARTS = ('model', 'train_dataloader', 'optim_wrapper', 'param_scheduler', 'train_cfg')
# How images are loaded, and how often a run is evaluated, decides nothing.
FREE = re.compile(r'num_workers|persistent_workers|pin_memory|prefetch_factor|val_|chunk_size')


def settings_of(runner: Runner) -> dict[str, Any]:
    """Plain values that decide what a run computes, by their key in the config."""
    parts = {part: runner.cfg[part] for part in PARTS if part in runner.cfg}
    return {key: value for key, value in _flat(parts) if not FREE.search(key)}


def facts_of(runner: Runner) -> dict[str, Any]:
    """What may not change within a run, in words, as no config says it."""
    loader = runner.train_dataloader
    data, batch, processes = loader.dataset, batch_size(loader), world_size()
    facts = {
        'batch (of all processes)': batch and batch * processes,
        'accumulative_counts': getattr(runner.optim_wrapper, '_accumulative_counts', 1),
        'data set': type(data).__name__,
        'number of images': len(data),  # pyright: ignore[reportArgumentType]
        'names and sizes of the images (their hash)': _sample(data),
    }
    if getattr(getattr(unwrap(runner.model), 'head', None), 'grad', None) == 'official':
        facts['number of processes, which divides the official gradient'] = processes
    return facts


def check_same_run(runner: Runner, meta: dict, path: str) -> None:
    """Raises InputError, with old and new value, if a fact of the run that `path` is of changed."""
    own, saved = facts_of(runner), meta.get('facts', {})
    shared = [key for key in own if key in saved]  # of an older version there are none
    if changed := changes({k: saved[k] for k in shared}, {k: own[k] for k in shared}):
        told = changes(meta.get('settings', {}), settings_of(runner))
        changed += [setting for setting in told if setting.startswith('train_dataloader.dataset.')]
        raise InputError(
            f'{path} cannot be resumed with other data or another batch: {"; ".join(changed)}. '
            f'Give what its run had, or start anew from its weights: --cfg-options load_from={path}'
        )


def changes(saved: dict[str, Any], own: dict[str, Any]) -> list[str]:
    """Each setting that is not as it was, with old and new value."""
    keys = [key for key in {**saved, **own} if saved.get(key) != own.get(key)]
    return [f'{_short(k)[1:-1]} {_short(saved.get(k))}, now {_short(own.get(k))}' for k in keys]


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


def _flat(value: Any, key: str = '') -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict | list | tuple) and value:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for name, child in items:
            yield from _flat(child, f'{key}.{name}' if key else str(name))
    else:
        plain = value is None or isinstance(value, bool | int | float | str)
        yield key, value if plain else repr(value)[:200]


def _sample(data: Any) -> str | None:
    """A hash of names and sizes of up to 16 files, the same wherever the folder is."""
    if not hasattr(data, 'get_data_info') or not len(data):
        return None
    digest = hashlib.sha256()
    for i in sorted({round(k * (len(data) - 1) / 15) for k in range(16)}):
        path = Path(str(data.get_data_info(i).get('img_path', '')))
        size = path.stat().st_size if path.is_file() else None
        digest.update(f'{path.name} {size}\n'.encode(errors='backslashreplace'))
    return digest.hexdigest()[:12]


def _short(value: Any) -> str:
    text = ascii(value)
    return text if len(text) < 60 else f'{text[:40]}...{text[-15:]}'
