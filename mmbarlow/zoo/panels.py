"""What `mmbarlow.SpectrumHook` has logged, as panels that a page or a picture shows."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mmbarlow.zoo.curve import Points

Line = list[tuple[float, float]]
SPECTRA = 'spectrum.jsonl'


class Panel(NamedTuple):
    """title; y: its axis with the unit; names: key in the log to what a legend calls it; log: axis
    of y."""

    title: str
    y: str
    names: dict[str, str]
    log: bool = False


PANELS = (
    Panel(
        'Loss over its floor', 'loss / floor', {'spectrum/loss_over_floor': 'loss / floor'}, True
    ),
    Panel(
        'Effective rank',
        'rank, directions',
        {
            'spectrum/rankme': 'RankMe of embeddings',
            'spectrum/backbone_rankme': 'RankMe of representations',
            'spectrum/lidar': 'LiDAR of embeddings',
            'spectrum/backbone_lidar': 'LiDAR of representations',
        },
    ),
    Panel(
        'Exponent of the power law (alpha-ReQ)',
        'alpha (no unit)',
        {'spectrum/alpha': 'embeddings', 'spectrum/backbone_alpha': 'representations'},
    ),
    Panel(
        'Dead dimensions',
        'number of dimensions',
        {'spectrum/dead': 'embeddings', 'spectrum/backbone_dead': 'representations'},
    ),
    Panel(
        'Cross-correlation',
        'correlation (no unit)',
        {
            'spectrum/diagonal': 'mean of the diagonal',
            'spectrum/off_diagonal': 'root mean square of the rest',
        },
    ),
)


def panel_lines(panel: Panel, points: Points) -> dict[str, Line]:
    """Name to (step, value) of what the training lines (`read_lines`) have for a panel. A line of
    the log repeats the last measurement: of equal ones the first counts, and the last of all."""
    found = {}
    for key, name in panel.names.items():
        own = [(p['iter'], p[key]) for p in points if math.isfinite(p.get(key, math.nan))]
        pairs = zip(own, [(-1, math.nan), *own], strict=False)
        if line := [here for here, before in pairs if here[1] != before[1] or here is own[-1]]:
            found[name] = line
    return found


def read_spectra(work_dir: str | Path, kind: str = 'embeddings') -> dict[int, Line]:
    """Step to (direction, singular value): of the first, the middle and the last measurement.

    Where a later start has repeated steps, its measurements count.

    Args:
        kind: 'embeddings' or 'representations'.
    """
    found: dict[int, Line] = {}
    for file in sorted(Path(work_dir).glob(f'*/vis_data/{SPECTRA}')):
        own = {step: values[kind] for step, values in _measurements(file) if kind in values}
        found = {step: line for step, line in found.items() if step < min(own, default=math.inf)}
        found |= {step: [(i + 1.0, s) for i, s in enumerate(own[step])] for step in own}
    steps = sorted(found)
    return {step: found[step] for step in steps[:: max(1, len(steps) // 2)] + steps[-1:]}


def _measurements(file: Path) -> Iterator[tuple[int, dict]]:
    """Those of a file but for what an interruption has cut, or what is none."""
    for line in file.read_text(encoding='utf-8').splitlines():
        try:
            values = json.loads(line)
            if all(s > 0 or s == 0 for kind in values.keys() - {'iter'} for s in values[kind]):
                yield int(values['iter']), values
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            continue
