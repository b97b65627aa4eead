"""Reading configs: checked before anything is built, so that a fault is one clear line."""

import difflib
import inspect
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from mmengine.config import Config
from mmengine.registry import FUNCTIONS
from mmengine.runner import Runner

from mmbarlow.config_repairs import drop_impossible_topk, drop_worker_options
from mmbarlow.errors import InputError
from mmbarlow.paths import CONFIGS

OWN = 'mmbarlow'
# Keys that a config may have beside the arguments of MMEngine's Runner; `norm_cfg` is a variable
# that mmdet's models leave behind.
EXTRA_KEYS = {'sync_bn', 'find_unused_parameters', 'data_root'}
EXTRA_KEYS |= {'compile'}  # MMEngine reads it late
EXTRA_KEYS |= {'pretrained', 'custom_imports', 'norm_cfg'}  # of detection
FUNCTION_KEYS = {'collate_fn', 'worker_init_fn'}  # MMEngine builds these without a registry
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
    if cfg.get('compile') and cfg.model.type.startswith('mmbarlow.'):
        # MMEngine would compile the whole step, hooks, backward and optimizer, which falls apart.
        cfg.model.compile = cfg.pop('compile')
    known = set(inspect.signature(Runner.__init__).parameters) | EXTRA_KEYS
    _check_keys([key for key in cfg if _misspelled(key, known)], known, 'the config')
    _check_keys([key.split('.')[0] for key in options], known, '--cfg-options')
    _check_keys(cfg.get('env_cfg', {}), ENV_KEYS, 'env_cfg')
    drop_worker_options(nodes(cfg))
    drop_impossible_topk(cfg)  # pyright: ignore[reportArgumentType]
    cfg.work_dir = work_dir or cfg.get('work_dir') or f'work_dirs/{Path(cfg.filename).stem}'
    return cfg


def find_config(path: str | Path) -> Path:
    """The file at `path`, or of `PACKAGE::NAME.py`, with or without the folder and the ending.

    Raises:
        InputError: there is none, or several; the message has the close names.
    """
    package, external, name = str(path).rpartition('::')
    folder = CONFIGS
    if external and package != OWN:
        place = find_spec(package) if package.isidentifier() else None
        if place is None or not place.origin:
            raise InputError(f'there is no config {path}: the package {package} is not installed.')
        folder = Path(place.origin).parent / '.mim' / 'configs'
    file = Path(name if name.endswith('.py') or not external else f'{name}.py')
    shipped = [p for p in folder.rglob('*.py') if '_base_' not in p.relative_to(folder).parts]
    same = [p for p in shipped if p.name == str(file)]
    found = [folder / file] if (folder / file).is_file() else same
    if not external:
        found = [file] if file.is_file() else []
    if len(found) == 1:
        return found[0]
    near = difflib.get_close_matches(file.name, [p.name for p in shipped], 3, 0.5)
    near = [str(p.relative_to(folder)) for p in found] or near
    hint = f'; close names: {", ".join(near)}' if near else ''
    raise InputError(f'there is no config {path}{hint}.')


def read_config(path: str | Path) -> Config:
    """The config of `find_config(path)`, with types that need no `_scope_`.

    Raises:
        InputError: the file is missing or broken, or it is of detection, and what that needs is not
            installed.
    """
    file = find_config(path)
    for place in (file.resolve().parent, Path.cwd()):  # of modules that `custom_imports` names
        if str(place) not in sys.path:
            sys.path.append(str(place))
    with explained(f'config {path}'):
        try:
            cfg = Config.fromfile(file)
        except ImportError:  # of mmdet's configs or code
            check_operators()
            raise
        _drop_scopes(list(cfg.values()))
    return cfg


def _drop_scopes(value: object, function: bool = False) -> None:
    """Take `_scope_` from every dict that no registry of another package will build.

    MMEngine puts it into dicts of an external base (`_base_ = 'mmbarlow::...'`), and only
    registries know what it is: a function gets it as an argument. Our own configs need none, since
    the names in them are written with their scope.
    """
    if isinstance(value, dict):
        scope, kind = value.get('_scope_'), value.get('type')
        if '_scope_' in value and (function or not kind or scope in (None, OWN)):
            del value['_scope_']
            if function and isinstance(kind, str) and scope in FUNCTIONS.children:
                value['type'] = kind if '.' in kind else f'{scope}.{kind}'
        for key, child in value.items():
            _drop_scopes(child, key in FUNCTION_KEYS)
    elif isinstance(value, list | tuple):
        for child in value:
            _drop_scopes(child)


def check_operators() -> None:
    """Raises InputError if mmdet or mmcv's compiled operators cannot be imported."""
    for module, what in (
        ('mmdet', 'mmdet'),
        ('mmcv._ext', 'an mmcv with compiled operators'),
    ):
        try:
            import_module(module)
        except ImportError as error:
            raise InputError(
                f'detection needs {what} ({error}): get both with `make .venv/full`, or '
                '`tools/install.sh full`, which compiles mmcv once (5 to 10 minutes). Pretraining '
                'and the other benchmarks do without.'
            ) from error


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn the errors of building `what` from a config into one clear line."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        reason = str(error.args[0] if isinstance(error, KeyError) else error)
        raise InputError(f'{what}: {" ".join(reason.split())}') from error


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
