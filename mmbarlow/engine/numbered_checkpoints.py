"""The numbered checkpoints of a run in its folder: which is named, and which are kept."""

import re
from contextlib import suppress
from pathlib import Path

from mmbarlow.engine.work_dir import NUMBERED
from mmbarlow.errors import InputError
from mmbarlow.files import write_atomically
from mmbarlow.weight_files import glance

POINTER = 'last_checkpoint'


def point_to(path: Path, work_dir: str | Path) -> None:
    """Have `last_checkpoint` name it: relative to the folder, which may be moved, if it is there.

    Raises:
        InputError: the work dir is gone or cannot be written to.
    """
    folder = Path(work_dir)
    if not folder.is_dir():
        raise InputError(f'the folder {folder} is gone.')
    within = path.resolve().parent == folder.resolve()
    write_atomically(folder / POINTER, path.name if within else str(path.resolve()))


def remove_old(new: Path, most: int, pattern: re.Pattern[str], replaces: dict[str, int]) -> None:
    """Keep the `most` newest checkpoints of a run, of which `new` is the last one written.

    Those of more steps belong to what was given up when an earlier one was resumed. Where all are
    kept, 0 or less, those go that were written in between, for an interruption.

    Args:
        new: the one that is resumed next, on the disk and proven good.
        most: how many, with `new`.
        pattern: of their names, beside MMEngine's own.
        replaces: files that stay, see `work_dir.state_of_run`.
    """
    done = steps_of(new)
    files = [
        path
        for path in new.parent.glob('*.pth')
        if (pattern.fullmatch(path.name) or NUMBERED.fullmatch(path.name))
        and not is_unchanged(path, replaces)
    ]
    if most > 0:
        files.sort(key=lambda p: (p == new, (steps := steps_of(p)) <= done, steps))
        files = files[:-most]
    else:
        files = [p for p in files if p != new and _meta(p).get('between')]
    for path in files:
        with suppress(OSError):
            path.unlink()


def is_unchanged(path: Path, state: dict[str, int]) -> bool:
    """Whether a file of a folder is still as it was when `work_dir.state_of_run` saw it."""
    return state.get(path.name) == path.stat().st_mtime_ns


def steps_of(path: Path) -> int:
    """The number of steps that a checkpoint says it is of; -1 if it does not, or is damaged."""
    steps = _meta(path).get('iter')
    return steps if isinstance(steps, int) else -1


def _meta(path: Path) -> dict:
    meta = glance(path).get('meta')
    return meta if isinstance(meta, dict) else {}
