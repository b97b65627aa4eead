"""The starts of a run: the names of their folders of logs, and what they say of themselves."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from mmbarlow.engine.attempt import STARTED
from mmbarlow.zoo.curve import curve_of_start, read_curve, read_start

TIMESTAMP = '%Y%m%d_%H%M%S'


def later_than_all(timestamp: str, work_dir: str) -> str:
    """The name of a start, or the next second that is after those of the starts in `work_dir`.

    Clocks differ between machines and go back an hour in autumn; the starts stay in their order.
    """
    names = [p.name for p in Path(work_dir).glob('*') if STARTED.fullmatch(p.name)]
    if not names or max(names) < timestamp:
        return timestamp
    return (datetime.strptime(max(names), TIMESTAMP) + timedelta(seconds=1)).strftime(TIMESTAMP)


def resumed_start(path: Path, meta: dict) -> dict[str, Any]:
    """What a start says of itself that resumes the checkpoint at `path`: the curve up to there."""
    log = path.parent / Path(meta.get('log', '')).name
    known = 'log' in meta and log.is_dir()
    curve = curve_of_start(log, until=meta['iter']) if known else read_curve(path.parent)
    if not known:
        curve = [p for p in curve if p.get('epoch', 0) <= meta['epoch']]
        curve = [p for p in curve if p.get('iteration', 0) <= meta['iter']]
    earlier = (read_start(log) if known else None) or {}
    return dict(curve=curve, replaces=earlier.get('replaces', {}))
