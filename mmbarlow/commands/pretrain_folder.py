"""The folder of a pretraining: new, to go on with, or of something else."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmbarlow.config_files import read_config
from mmbarlow.engine.attempt import STARTED
from mmbarlow.engine.folder_lock import locked
from mmbarlow.engine.work_dir import files_of_run
from mmbarlow.errors import InputError
from mmbarlow.files import write_atomically

CONFIG = 'pretrain.py'
NAME = 'pretrain'


def config_to_go_on_with(out: Path, asked: dict[str, Any], resume: bool) -> Path | None:
    """The config of a run in `out` that was asked for the same and is not finished; None: no run.

    Args:
        out: the folder of the results.
        asked: what is asked for now, by name; with `resume`, what is not given may be anything.

    Raises:
        InputError: another run is there, a finished one, or what is no run; or nothing can be
            written there, or a process trains there; or `resume`, and there is no run.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f'{out} is a file: give another --out.')
    with locked(out):  # and nobody else; the folder goes away again if it is new
        pass
    config = out / CONFIG
    if not config.is_file():
        if out.is_dir() and any(not p.name.startswith('.') for p in out.iterdir()):
            raise InputError(
                f'{out} is not empty, and what it has is no run of mmbarlow pretrain: give another '
                '--out.'
            )
        return _none(out, resume)
    before = read_config(config).get('asked')
    if not isinstance(before, dict):
        raise InputError(f'{config} was not written by mmbarlow pretrain: give another --out.')
    keys = asked if resume else {**before, **asked}
    different = [key for key in keys if before.get(key) != asked.get(key)]
    if different and not files_of_run(out, NAME):
        return _none(out, resume)  # it has not come to its first checkpoint
    if different:
        told = '; '.join(_difference(key, before.get(key), asked.get(key)) for key in different)
        raise InputError(
            f'{out} has a run with other settings ({told}): give another --out, or those settings, '
            'with which it goes on.'
        )
    if (out / f'{NAME}_backbone.pth').is_file():
        raise InputError(
            f'{out} has this run already, and it is finished: `mmbarlow evaluate {out} LABELED` '
            'tells what it is worth. For another one give another --out.'
        )
    return config


def _none(out: Path, resume: bool) -> None:
    if resume:
        raise InputError(f'nothing to resume: {out} has no run. Leave --resume out, or give --out.')


def _difference(key: str, before: Any, now: Any) -> str:
    was, is_now = ('not given' if value is None else value for value in (before, now))
    return f'{"FOLDER" if key == "folder" else "--" + key.replace("_", "-")} {was}, now {is_now}'


@contextmanager
def written(out: Path, text: str) -> Iterator[Path]:
    """The config with this text in `out`; if the block raises before a run has begun, it goes away.

    Raises:
        InputError: it cannot be written.
    """
    new = [path for path in (out, *out.parents) if not path.exists()]
    config = out / CONFIG
    write_atomically(config, text)
    try:
        yield config
    except BaseException:  # a signal too
        begun = any(STARTED.fullmatch(path.name) for path in out.iterdir())
        if not begun and not files_of_run(out, NAME):
            config.unlink(missing_ok=True)
            for path in new:
                if path.is_dir() and not any(path.iterdir()):
                    path.rmdir()
        raise
