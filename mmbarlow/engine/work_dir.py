"""A run owns its folder: who may write there, and what is resumed from it."""

import glob
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mmengine.config import Config

from mmbarlow.engine.attempt import STARTED
from mmbarlow.engine.folder_lock import owned
from mmbarlow.errors import InputError
from mmbarlow.launch import on_first

NUMBERED = re.compile(r'(?:epoch|iter)_(\d+)\.pth')


def files_of_run(work_dir: str | Path, name: str) -> list[Path]:
    """What the run of config `name` has left in `work_dir`: its checkpoints, backbone and records.

    Logs alone are of a run that ended before its first checkpoint. What `tools/benchmark.py` has
    written there belongs to no run.
    """
    folder = Path(work_dir)
    found = [p for p in folder.glob('*.pth') if NUMBERED.fullmatch(p.name)]
    found += folder.glob('best_*.pth')
    found += [p for p in [folder / f'{name}_backbone.pth'] if os.path.isfile(p)]
    found += folder.glob(f'{glob.escape(name)}.*_backbone.pth')  # of two modalities
    return sorted(found) + [p for p in sorted(folder.glob('records/*.json')) if _is_of_run(p)]


def _is_of_run(record: Path) -> bool:
    try:
        return json.loads(record.read_text(encoding='utf-8')).get('task') == 'pretrain'
    except (OSError, ValueError, AttributeError):
        return False


def check_unused(work_dir: str | Path, name: str) -> None:
    """Raises InputError if a fresh start in `work_dir` would mix two runs."""
    if found := files_of_run(work_dir, name):
        some = ', '.join(str(p.relative_to(work_dir)) for p in found[:3])
        raise InputError(
            f'{work_dir} holds a run already ({some}{", ..." * (len(found) > 3)}): continue it '
            'with --resume, give another --work-dir, or replace it with --force.'
        )


def state_of_run(work_dir: str | Path, name: str) -> dict[str, int]:
    """Paths within `work_dir` of all files and logs of its run, with their times of change."""
    folder = Path(work_dir)
    found = [*files_of_run(folder, name), folder / 'last_checkpoint']
    found += [p for p in folder.glob('*') if p.is_dir() and STARTED.fullmatch(p.name)]
    return {str(p.relative_to(folder)): p.stat().st_mtime_ns for p in found if p.exists()}


def remove_replaced(work_dir: str | Path, state: dict[str, int]) -> None:
    """Remove what is still as it was when `state_of_run` returned `state`."""
    for name, changed in state.items():
        path = Path(work_dir) / name
        with suppress(OSError):
            if path.stat().st_mtime_ns == changed:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


@contextmanager
def claimed(cfg: Config, force: bool) -> Iterator[dict[str, int]]:
    """Have the work dir of `cfg` for a run, which may be one of several processes.

    Args:
        cfg: of the run; with `resume`, `load_from` is the checkpoint.
        force: take a folder that holds a run; its files stay until the new one is complete.

    Yields:
        What the run replaces, for `remove_replaced`.

    Raises:
        InputError: the folder holds a run that is not resumed, or another process trains there.
    """
    folder, name = Path(cfg.work_dir), Path(cfg.filename).stem
    resumes = cfg.get('resume') and Path(cfg.load_from).resolve().parent == folder.resolve()

    def check() -> None:
        if not (resumes or force):
            check_unused(folder, name)

    on_first(check)  # before a file is written
    with owned(folder):
        on_first(check)  # another process may have ended in between
        yield on_first(lambda: state_of_run(folder, name)) if force else {}
