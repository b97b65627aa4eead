"""What the verbs take as a BACKBONE: a file of weights, or the folder of a pretraining."""

import ast
import difflib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmbarlow.models.encoder import Encoder

RUNS = ('runs', 'work_dirs')  # where runs are by default
WEIGHTS = ('.pth', '.pt', '.safetensors')


def backbone_file(path: str) -> Path:
    """The file itself; of the folder of a run its `*_backbone.pth`, which a finished training
    leaves, or else its last checkpoint.

    Raises:
        InputError: there is no such file or folder (the message has close names), or the folder
            has neither.
    """
    from mmbarlow.errors import InputError

    place = Path(path).expanduser()
    if place.is_dir():
        return _of_run(place)
    if place.is_file():
        return place
    near = _close_names(place)
    hint = f'close names: {", ".join(map(str, near))}' if near else 'give a file or a run'
    raise InputError(f'there is no backbone {path}: {hint}.')


def open_backbone(file: Path) -> 'Encoder':
    """The frozen network of a file; that of a checkpoint of a run is the one of its config.

    Raises:
        InputError: nothing describes the network, or the weights are not of it.
    """
    from mmbarlow.apis import get_model

    return get_model(file, config_beside(file))


def config_beside(file: Path) -> Path | None:
    """The config of the run that a file lies in, a program, where the file does not describe its
    network itself, as data: most `*_backbone.pth` do, and checkpoints do not."""
    from mmbarlow.weight_files import glance

    meta = glance(file).get('meta')
    described = isinstance(meta, dict) and 'encoder' in meta
    if described:
        return None
    only = [*file.parent.glob('*.py')]  # may inherit its views
    return config_of_run(file.parent) or (only[0] if len(only) == 1 else None)


def _of_run(folder: Path) -> Path:
    from mmbarlow.engine.last_checkpoint import last_checkpoint_in, replaced_files
    from mmbarlow.engine.numbered_checkpoints import is_unchanged
    from mmbarlow.errors import InputError

    replaced = replaced_files(folder)
    exported = [p for p in folder.glob('*_backbone.pth') if not is_unchanged(p, replaced)]
    if exported:
        newest = max(exported, key=lambda p: p.stat().st_mtime)
        run = newest.name.rpartition('.')[0].rpartition('.')[0]
        of_run = [p for p in exported if run and p.name.startswith(f'{run}.')]
        if len(of_run) > 1:
            both = ' and '.join(sorted(map(str, of_run)))
            raise InputError(f'{folder} has the encoders of two modalities: give one of {both}.')
        return newest
    if (last := last_checkpoint_in(folder)[0]) is not None:
        return last
    runs = sorted({p.parent for p in folder.glob('*/*.pth')})[:5]
    hint = f'give one of its runs: {", ".join(map(str, runs))}' if runs else 'give another folder'
    raise InputError(f'{folder} has neither a *_backbone.pth nor a checkpoint: {hint}.')


def _close_names(place: Path) -> list[Path]:
    """Of files and folders beside the first part of the path that does not exist, and of runs."""
    missing = place
    while not missing.parent.is_dir():
        missing = missing.parent
    folders = [missing.parent, *map(Path, RUNS)]
    found = [p for folder in folders if folder.is_dir() for p in folder.iterdir()]
    usable = {p.name: p for p in found if p.suffix in WEIGHTS or any(p.glob('*.pth'))}
    names = difflib.get_close_matches(missing.name, usable, 3, 0.5)
    return [usable[name] for name in names if not name.startswith('.')]


def trained_size(backbone: Path) -> int | None:
    """Height and width of the views that a backbone was pretrained on, if the config of its run
    lies beside it. The config is read as a text: nothing in it runs."""
    name = backbone.stem.removesuffix('_backbone')
    config = config_of_run(backbone.parent, name)
    return next(_sizes_in(config)) if config else None


def config_of_run(folder: Path, name: str = 'pretrain') -> Path | None:
    """The config in the folder of a run, that of the name if there are several."""
    configs = sorted(folder.glob('*.py'), key=lambda p: (p.stem != name, p.name))
    return next((path for path in configs if any(_sizes_in(path))), None)


def _sizes_in(config: Path) -> Iterator[int]:
    """Of the views of a resolved config, `dict(type='mmbarlow.TwinViews', size=96, ...)`."""
    with suppress(OSError, SyntaxError, ValueError):
        for node in ast.walk(ast.parse(config.read_text(encoding='utf-8'))):
            if isinstance(node, ast.Call):
                values = {k.arg: k.value for k in node.keywords}
                kind, size = (getattr(values.get(k), 'value', None) for k in ('type', 'size'))
                if not str(kind).endswith(('TwinViews', 'TwinCrops', 'PairedViews')):
                    continue
                if isinstance(size, int):
                    yield size
                elif isinstance(values.get('size'), ast.List):  # it grows with the epochs
                    from mmbarlow.datasets.view_size import ViewSize

                    yield ViewSize(ast.literal_eval(values['size'])).largest
