"""Which checkpoint of a folder is resumed."""

import os
import sys
from contextlib import suppress
from pathlib import Path

from mmbarlow.engine.attempt import STARTED
from mmbarlow.engine.numbered_checkpoints import POINTER, is_unchanged, steps_of
from mmbarlow.engine.work_dir import NUMBERED
from mmbarlow.errors import InputError, one_line
from mmbarlow.weight_files import glance, read_plain
from mmbarlow.zoo.curve import read_start


def latest_checkpoint(work_dir: str) -> str | None:
    """The checkpoint to resume in `work_dir`; if it is not the one that is named there, say so."""
    path, fault = last_checkpoint_in(work_dir)
    if fault and os.environ.get('RANK', '0') == '0':
        print(one_line(InputError(f'{fault}: {path} is resumed instead')), file=sys.stderr)
    return str(path) if path else None


def last_checkpoint_in(work_dir: str | Path) -> tuple[Path | None, str | None]:
    """The checkpoint to resume, and why it is not the one that `last_checkpoint` names.

    That file holds a name within the folder, which may have been copied or moved since. Where it
    helps nothing, the newest good checkpoint counts: the one of most steps, as its content says.

    Raises:
        InputError: there are checkpoints, and none of them is good.
    """
    folder = Path(work_dir)
    named, fault = _named(folder)
    replaced = replaced_files(folder)
    files = [p for p in folder.glob('*.pth') if p.is_file() and p != named and _is_resumable(p)]
    files += [named] if named and named.is_file() else []
    files.sort(key=lambda p: (not is_unchanged(p, replaced), p == named, steps_of(p), _number(p)))
    problems = []
    for path in reversed(files):
        try:
            read_plain(path, 'meta')
        except InputError as error:
            problems.append((path, error))
            continue
        if path == named:
            return path, None
        if named and not fault:
            bad = named in [damaged for damaged, _ in problems]
            state = 'damaged' if bad else 'of the run that was replaced'
            fault = f'{named.name}, which {folder / POINTER} names, is {state}'
        others = [f', and {other.name} is damaged' for other, _ in problems if other != named]
        return path, f'{fault}{"".join(others)}'
    if problems:
        raise InputError(f'no checkpoint in {folder} is good: {problems[0][1]}')
    return _elsewhere(folder), None


def _named(folder: Path) -> tuple[Path | None, str | None]:
    """The file of the folder that its pointer names, and what is wrong with the pointer."""
    pointer = folder / POINTER
    text = _text(pointer)
    if not text:
        return None, f'{pointer} is {"empty" if pointer.exists() else "missing"}'
    name = Path(text).name
    if not text.isprintable() or name in ('', '..') or len(os.fsencode(name)) > 255:
        return None, f'{pointer} holds no name of a file'
    own = folder / name
    fault = None if os.path.isfile(own) else f'{name}, which {pointer} names, is not there'
    return own, fault


def _text(pointer: Path) -> str:
    with suppress(OSError), pointer.open('rb') as file:
        return file.read(5000).decode(errors='replace').strip().split('\0')[0]
    return ''


def _elsewhere(folder: Path) -> Path | None:
    """Of a run with `out_dir`, which has its checkpoints in a folder of the same name there.

    Raises:
        InputError: the pointer names a file of another folder.
    """
    text = _text(folder / POINTER)
    if not text.isprintable() or not os.path.isabs(text) or not os.path.isfile(text):
        return None
    if Path(text).resolve().parent.name != folder.resolve().name:
        raise InputError(
            f'{folder / POINTER} names a checkpoint of another folder, and this one has none: to '
            f'go on from that one, give --resume {text}.'
        )
    return Path(text)


def replaced_files(folder: Path) -> dict[str, int]:
    """What the last start in the folder replaces when it is complete, with times of change."""
    starts = [p for p in folder.glob('*') if STARTED.fullmatch(p.name)]
    start = read_start(max(starts)) if starts else None
    replaces = (start or {}).get('replaces')
    return replaces if isinstance(replaces, dict) else {}


def _is_resumable(path: Path) -> bool:
    """By its name, or by what is in it where a config has other names."""
    return bool(NUMBERED.fullmatch(path.name)) or 'optimizer' in glance(path)


def _number(path: Path) -> int:
    found = NUMBERED.fullmatch(path.name)
    return int(found[1]) if found else -1
