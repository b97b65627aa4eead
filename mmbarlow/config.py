"""Configs: checked before anything is built from them, and searched."""

import difflib
import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner

from mmbarlow.config_files import explained, read_config
from mmbarlow.config_repairs import drop_impossible_topk, drop_unset_hooks, drop_worker_options
from mmbarlow.errors import InputError

# Keys that a config may have beside the arguments of MMEngine's Runner; `norm_cfg` is a variable
# that mmdet's models leave behind.
EXTRA_KEYS = {'sync_bn', 'find_unused_parameters', 'data_root'}
EXTRA_KEYS |= {'compile'}  # MMEngine reads it late
EXTRA_KEYS |= {'labeled', 'online', 'track'}  # engine/online.py and engine/tracking.py
EXTRA_KEYS |= {'resident'}  # engine/resident_hook.py
EXTRA_KEYS |= {'pretrained', 'annotations', 'custom_imports', 'norm_cfg'}  # of transfer
ENV_KEYS = {'cudnn_benchmark', 'mp_cfg', 'dist_cfg', 'resource_limit'}


def load_config(
    path: str | Path, options: dict | None = None, work_dir: str | None = None
) -> Config:
    """The config at `path` with `options` merged in, checked.

    Raises:
        InputError: the file is missing or broken, or a key is unknown.
    """
    options = options or {}
    cfg = read_config(path)
    with explained(f'config {path}'):
        if 'data_root' in options:
            _move_data(cfg, cfg.get('data_root'), options['data_root'])
        cfg.merge_from_dict(options)
    if cfg.get('compile') and type_name(cfg.model.type).startswith('mmbarlow.'):
        # MMEngine would compile the whole step, hooks, backward and optimizer, which falls apart.
        cfg.model.compile = cfg.pop('compile')
    known = set(inspect.signature(Runner.__init__).parameters) | EXTRA_KEYS
    _check_keys([key for key in cfg if _misspelled(key, known)], known, 'the config')
    _check_keys([key.split('.')[0] for key in options], known, '--cfg-options')
    _check_keys(cfg.get('env_cfg', {}), ENV_KEYS, 'env_cfg')
    drop_worker_options(nodes(cfg))
    drop_unset_hooks(cfg)  # pyright: ignore[reportArgumentType]
    drop_impossible_topk(cfg)  # pyright: ignore[reportArgumentType]
    cfg.work_dir = work_dir or cfg.get('work_dir') or f'work_dirs/{Path(cfg.filename).stem}'
    return cfg


def check_data_folders(cfg: Config | dict) -> None:
    """Every `data_root` that a data loader of the config names must exist.

    Raises:
        InputError: one does not; the message names the key to change.
    """
    for key, folder in data_roots(cfg):
        # of an archive, its data set says by itself what is wrong
        if not (Path(folder).expanduser().exists() or folder.endswith('.zip')):
            raise InputError(
                f'there is no folder {folder}: put the data there or name another with '
                f'--cfg-options data_root=FOLDER ({key}).'
            )


def data_roots(node: Config | dict, prefix: str = '') -> Iterator[tuple[str, str]]:
    """Key and value of each `data_root` that must be there before the config can run."""
    if 'data_root' in node and 'type' in node and not node.get('download'):
        yield prefix + 'data_root', node['data_root']
    for key, child in _children(node):
        yield from data_roots(child, f'{prefix}{key}.')


def type_name(kind: Any) -> str:
    """The registered name of what a `type` says, `mmpretrain.ResNet`: configs in Python style have
    classes there."""
    return kind if isinstance(kind, str) else f'{kind.__module__.split(".")[0]}.{kind.__name__}'


def nodes(node: Config | dict) -> Iterator[dict]:
    """Every dict in a config, at any depth."""
    for _, child in _children(node):
        yield child
        yield from nodes(child)


def _move_data(node: Config | dict, old: str | None, new: str) -> None:
    """`data_root` at the top of a config is the one folder of all its data sets: move them all."""
    if node.get('data_root', '') == old:
        node['data_root'] = new
    for _, child in _children(node):
        _move_data(child, old, new)


def _children(node: Config | dict) -> Iterator[tuple[str, dict]]:
    """The dicts in a dict, and in the lists in it, as `datasets.0`."""
    for key, value in node.items():
        if isinstance(value, dict):
            yield key, value
        elif isinstance(value, list):
            yield from ((f'{key}.{i}', v) for i, v in enumerate(value) if isinstance(v, dict))


def _misspelled(key: str, known: set[str]) -> bool:
    """Whether `key` is close to a known one; any other is a variable of the config's own.

    A variable may be a known key with more words: `data_root_07`, `img_norm_cfg`.
    """
    (near,) = difflib.get_close_matches(key, known, 1, 0.8) or ['']
    longer = f'_{near}_' in f'_{key.rstrip("0123456789")}_'
    return key not in known and key[0] in near[:2] and not longer


def _check_keys(keys: Iterable[str], known: set[str], where: str) -> None:
    for key in keys:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f', did you mean {near[0]!r}?' if near else ': it would change nothing.'
            raise InputError(f'unknown key {key!r} in {where}{hint}')
