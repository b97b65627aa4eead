"""Draw a metric over the epochs of pretrainings: a line for each method, a band over its seeds.

python tools/draw_curves.py work_dirs/NAME                       # also while it trains
python tools/draw_curves.py A/records B/records --metric loss    # of records, or folders of them
"""

import argparse
from pathlib import Path

from mmbarlow import cli
from mmbarlow.errors import InputError
from mmbarlow.visualization import Curve, draw_curves
from mmbarlow.zoo import records
from mmbarlow.zoo.curve import read_curve
from mmbarlow.zoo.runs import LABELS


def main() -> None:
    parser = argparse.ArgumentParser(description='Draw a metric over the epochs of pretrainings.')
    parser.add_argument(
        'paths', nargs='+', type=Path, metavar='PATH', help='work dirs; records, or folders of them'
    )
    parser.add_argument('--metric', help='by default the first top-1 that was measured on the way')
    parser.add_argument('--out', type=Path, default=Path('curves.png'), help='the picture')
    args = parser.parse_args()

    found = [pair for path in args.paths for pair in curves(path)]
    known = list(dict.fromkeys(name for _, curve in found for entry in curve for name in entry))
    metric = args.metric or next((name for name in known if '/top1' in name), 'loss')
    if metric not in known[1:]:
        raise InputError(f'no run has {metric} in its curve: there is {", ".join(known[1:])}.')
    lines: dict[str, list[Curve]] = {}
    for label, curve in found:
        if any(metric in entry for entry in curve):
            lines.setdefault(label, []).append(curve)
    draw_curves(lines, metric, args.out)
    for label, runs in lines.items():
        last = [next(e for e in reversed(curve) if metric in e) for curve in runs]
        print(f'{label}: ' + ', '.join(f'{e[metric]:.1f} after {e["epoch"]}' for e in last))
    print(f'{metric}: {args.out}')


def curves(path: Path) -> list[tuple[str, Curve]]:
    """The curves that a path has, each with its line's label.

    Raises:
        InputError: it has none.
    """
    found = [records.read(path)] if path.is_file() else records.read_folder(path)
    pairs = [(LABELS.get(r.model, r.model), r.curve) for r in found if r.curve]
    if not pairs and (curve := read_curve(path)):
        pairs = [(path.name, curve)]
    pairs = [(label, curve) for label, curve in pairs if 'epoch' in curve[0]]
    if not pairs:
        raise InputError(f'{path} has no curve of epochs: give a work dir or a pretraining record.')
    return pairs


if __name__ == '__main__':
    cli.run(main)
