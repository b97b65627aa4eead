"""The curve of a training run, from the log that MMEngine keeps."""

import json
from pathlib import Path


def read_curve(work_dir: str | Path) -> list[dict[str, float]]:
    """One entry an epoch: `epoch`, the last logged loss terms of the epoch, metrics if measured.

    A run that counts iterations has no epochs: there an entry is a line of the log, with
    `iteration`; of more than 100 lines, 100 are kept, among them the first and the last.

    Reads `vis_data/scalars.json` of every start in `work_dir`, in their order, so that training
    that was resumed gives one curve.
    """
    found: dict[int, dict[str, float]] = {}
    at: tuple[str, int] | None = None
    for path in sorted(Path(work_dir).glob('*/vis_data/scalars.json')):
        for entry in map(json.loads, path.read_text().splitlines()):
            if 'epoch' in entry:
                at = 'epoch', entry['epoch']
            elif 'iter' in entry:
                at = 'iteration', entry['iter']
            # Validation lines have neither: they belong to what was trained last.
            if at:
                values = {k: v for k, v in entry.items() if k.startswith('loss') or '/' in k}
                found.setdefault(at[1], {at[0]: at[1]}).update(values)
    curve = [found[point] for point in sorted(found)]
    return thinned(curve, 100) if at and at[0] == 'iteration' else curve


def thinned(curve: list[dict[str, float]], most: int) -> list[dict[str, float]]:
    """At most `most` of the points, evenly spaced, among them the first and the last."""
    if len(curve) <= most:
        return curve
    return [curve[round(i * (len(curve) - 1) / (most - 1))] for i in range(most)]
