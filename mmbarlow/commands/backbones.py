"""What the verbs take as a BACKBONE: a file of weights, or the folder of a pretraining."""

import difflib
from pathlib import Path

from mmbarlow.errors import InputError

RUNS = ('runs', 'work_dirs')  # where runs are by default


def backbone_file(path: str) -> Path:
    """The file itself; of the folder of a run its `*_backbone.pth`, which a finished training
    leaves, or else its last checkpoint.

    Raises:
        InputError: there is no such file or folder (the message has close names), or the folder
            has neither.
    """
    place = Path(path).expanduser()
    if place.is_dir():
        return _of_run(place)
    if place.is_file():
        return place
    near = _close_names(place)
    hint = f'close names: {", ".join(map(str, near))}' if near else 'give a file or a run'
    raise InputError(f'there is no backbone {path}: {hint}.')


def _of_run(folder: Path) -> Path:
    from mmbarlow.engine.last_checkpoint import last_checkpoint_in, replaced_files
    from mmbarlow.engine.numbered_checkpoints import is_unchanged

    replaced = replaced_files(folder)
    exported = [p for p in folder.glob('*_backbone.pth') if not is_unchanged(p, replaced)]
    if exported:
        return max(exported, key=lambda p: p.stat().st_mtime)
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
    usable = {p.name: p for p in found if p.is_dir() or p.suffix in ('.pth', '.pt', '.safetensors')}
    names = difflib.get_close_matches(missing.name, usable, 3, 0.5)
    return [usable[name] for name in names if not name.startswith('.')]
