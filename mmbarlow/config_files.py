"""Config files: found by name, read, and what goes wrong with them in one clear line."""

import difflib
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from mmengine.config import Config
from mmengine.registry import FUNCTIONS

from mmbarlow.errors import InputError
from mmbarlow.optional import package
from mmbarlow.paths import CONFIGS

OWN = 'mmbarlow'
FUNCTION_KEYS = {'collate_fn', 'worker_init_fn'}  # MMEngine builds these without a registry


def find_config(path: str | Path) -> Path:
    """The file at `path`, or of `PACKAGE::NAME.py`, with or without the folder and the ending.

    Raises:
        InputError: there is none, or several; the message has the close names.
    """
    owner, external, name = str(path).rpartition('::')
    folder = CONFIGS
    if external and owner != OWN:
        place = find_spec(owner) if owner.isidentifier() else None
        if place is None or not place.origin:
            raise InputError(f'there is no config {path}: the package {owner} is not installed.')
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
        InputError: the file is missing or broken, or it is of detection or segmentation, and what
            that needs is not installed.
    """
    file = find_config(path)
    for place in (file.resolve().parent, Path.cwd()):  # of modules that `custom_imports` names
        if str(place) not in sys.path:
            sys.path.append(str(place))
    with explained(f'config {path}'):
        try:
            cfg = Config.fromfile(file)
        except ImportError as error:  # of mmdet's or mmseg's configs or code
            if 'mmseg' in ''.join(traceback.format_exception(error)):
                package('mmseg', 'segmentation', 'segmentation')
            else:
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
            others = FUNCTIONS.children.keys() - {OWN}
            if function and isinstance(kind, str) and scope in others:
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
                f"detection needs {what} ({error}): pip install 'mmbarlow[detection]', and then "
                'mmcv anew, which compiles for 5 to 10 minutes once torch is there: pip install '
                '--no-build-isolation --no-cache-dir --no-deps --force-reinstall onedl-mmcv. In a '
                'clone, `make .venv/full` does both. Pretraining and the other benchmarks do '
                'without.'
            ) from error


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn the errors of building `what` from a config into one clear line."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        reason = str(error.args[0] if isinstance(error, KeyError) else error) or repr(error)
        raise InputError(f'{what}: {" ".join(reason.split())}') from error
