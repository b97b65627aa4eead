"""The curve of a training run, from the logs that MMEngine keeps of each start."""

import json
import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

START = 'start.json'
Points = list[dict[str, float]]


def read_curve(work_dir: str | Path) -> Points:
    """One entry an epoch: `epoch`, the last logged loss terms of the epoch, metrics if measured.

    A run that counts iterations has no epochs: there an entry is a line of the log, with
    `iteration`; of more than 100 lines, 100 are kept, among them the first and the last.

    The curve is that of the last start in `work_dir` that has logged something, and of what it
    resumed. A start says in its `start.json` what that is. Starts without one, as of MMEngine's own
    Runner, are taken to continue what was there before.
    """
    curve: Points = []
    for log in sorted(Path(work_dir).glob('*/vis_data/scalars.json')):
        curve = curve_of_start(log.parent.parent, curve)
    return thinned(curve, 100) if curve and 'iteration' in curve[-1] else curve


def read_lines(work_dir: str | Path) -> Points:
    """The training lines of the logs with all their numbers, by `iter`: `lr`, `time`, losses, ...

    Where a later start has repeated steps, its lines count.
    """
    lines: Points = []
    for log in sorted(Path(work_dir).glob('*/vis_data/scalars.json')):
        new: Points = [
            {str(k): v for k, v in entry.items() if isinstance(v, int | float)}
            for entry in _entries(log)
            if isinstance(entry.get('iter'), int)
        ]
        first = new[0]['iter'] if new else math.inf
        lines = [line for line in lines if line['iter'] < first] + new
    return lines


def curve_of_start(
    folder: Path, before: Sequence[dict[str, float]] = (), until: float = math.inf
) -> Points:
    """What `folder`, of the logs of one start, adds to the curve that it resumed.

    Args:
        folder: `WORK_DIR/TIMESTAMP`.
        before: the curve that it resumed, if it does not say so itself.
        until: the step whose checkpoint was resumed from this start; later lines do not count.
    """
    entries = list(_entries(folder / 'vis_data' / 'scalars.json'))
    if not entries:
        return list(before)
    start = read_start(folder)
    before = before if start is None else start['curve']
    found = {next(iter(point.values())): dict(point) for point in before}
    unit, number = next(iter(before[-1].items())) if before else ('', 0)
    for entry in entries:
        if entry.get('iter', 0) > until:
            break
        if 'epoch' in entry:
            unit, number = 'epoch', entry['epoch']
        elif 'iter' in entry:
            unit, number = 'iteration', entry['iter']
        # Validation lines have neither: they belong to what was trained last.
        if unit:
            values = {k: v for k, v in entry.items() if k.startswith('loss') or '/' in k}
            found.setdefault(number, {unit: number}).update(values)
    return [found[point] for point in sorted(found)]


def read_start(folder: Path) -> dict[str, Any] | None:
    """What a start has said of itself, see `mmbarlow.engine.starts`; None if nothing."""
    try:
        start = json.loads((folder / START).read_text(encoding='utf-8'))
    except (OSError, ValueError, RecursionError):
        return None
    return start if isinstance(start, dict) and isinstance(start.get('curve'), list) else None


def _entries(path: Path) -> Iterator[dict]:
    """The lines of a log but for one that an interruption has cut."""
    lines = path.read_text(encoding='utf-8').splitlines() if path.is_file() else []
    for line in lines:
        with suppress(ValueError, RecursionError):
            if isinstance(entry := json.loads(line), dict):
                yield entry


def thinned(curve: Points, most: int) -> Points:
    """At most `most` of the points, evenly spaced, among them the first and the last."""
    if len(curve) <= most:
        return curve
    return [curve[round(i * (len(curve) - 1) / (most - 1))] for i in range(most)]
