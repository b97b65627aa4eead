"""Draw a metric over the epochs of pretraining: a line for each config, a band over its seeds.

python tools/draw_curves.py work_dirs/NAME                       # also during the run
python tools/draw_curves.py A/records B/records --metric loss    # of records, or folders of them
python tools/draw_curves.py work_dirs/NAME --panels              # loss over floor, rank, spectrum
"""

import argparse
from pathlib import Path

from mmbarlow import cli
from mmbarlow.errors import InputError
from mmbarlow.visualization import Curve, Line, draw_curves, draw_panels
from mmbarlow.zoo import records
from mmbarlow.zoo.curve import read_curve, read_lines
from mmbarlow.zoo.panels import PANELS, panel_lines, read_spectra
from mmbarlow.zoo.runs import LABELS


def main() -> None:
    parser = argparse.ArgumentParser(description='Draw a metric over the epochs of pretraining.')
    parser.add_argument(
        'paths', nargs='+', type=Path, metavar='PATH', help='work dirs; records, or folders of them'
    )
    parser.add_argument('--metric', help='by default the first top-1 that was measured during it')
    parser.add_argument(
        '--panels',
        action='store_true',
        help='what SpectrumHook has measured in work dirs',
    )
    parser.add_argument('--out', type=Path, default=Path('curves.png'), help='the picture')
    args = parser.parse_args()
    if args.panels:
        shown = panels(args.paths)
        args.out.parent.mkdir(parents=True, exist_ok=True)
        draw_panels(shown, args.out)
        print(f'{len(shown)} panels: {args.out}')
        return

    found = [triple for path in args.paths for triple in curves(path)]
    known = list(dict.fromkeys(name for *_, curve in found for entry in curve for name in entry))
    metric = args.metric or next((name for name in known if '/top1' in name), 'loss')
    if metric not in known[1:]:
        raise InputError(f'no run has {metric} in its curve: there is {", ".join(known[1:])}.')
    lines: dict[str, list[Curve]] = {}
    for method, config, curve in found:
        if any(metric in entry for entry in curve):
            several = len({c for m, c, _ in found if m == method}) > 1
            lines.setdefault(config if several else method, []).append(curve)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    draw_curves(lines, metric, args.out)
    for label, runs in lines.items():
        last = [next(e for e in reversed(curve) if metric in e) for curve in runs]
        print(f'{label}: ' + ', '.join(f'{e[metric]:.1f} after {e["epoch"]}' for e in last))
    print(f'{metric}: {args.out}')


def panels(paths: list[Path]) -> list[tuple[str, str, str, bool, dict[str, Line]]]:
    """The panels of the runs in some folders, as `draw_panels` takes them.

    Raises:
        InputError: none of them has anything for one.
    """
    found = []
    runs = {path: f'{path.name}: ' * (len(paths) > 1) for path in paths}
    for panel in PANELS:
        lines = {
            prefix + name: line
            for path, prefix in runs.items()
            for name, line in panel_lines(panel, read_lines(path)).items()
        }
        found += [(panel.title, 'step', panel.y, panel.log, lines)] * bool(lines)
    for kind in ('embeddings', 'representations'):
        lines = {
            f'{prefix}step {step:,}': [p for p in line if p[1] > 0]
            for path, prefix in runs.items()
            for step, line in read_spectra(path, kind).items()
        }
        title = f'Singular values of {kind}'
        found += [(title, 'direction, by size', 'singular value (no unit)', True, lines)] * bool(
            lines
        )
    if not found:
        raise InputError(
            f'{paths[0]} has nothing that mmbarlow.SpectrumHook has measured: give the work dir of '
            'a pretraining, whose config has that hook.'
        )
    return found


def curves(path: Path) -> list[tuple[str, str, Curve]]:
    """The curves at a path, each with its method and config, or with the folder's name for both.

    Raises:
        InputError: there is none.
    """
    found = [records.read(path)] if path.is_file() else records.read_folder(path)
    triples = [(LABELS.get(r.model, r.model), r.config, r.curve) for r in found if r.curve]
    if not triples and (curve := read_curve(path)):
        triples = [(path.name, path.name, curve)]
    triples = [triple for triple in triples if 'epoch' in triple[-1][0]]
    if not triples:
        raise InputError(f'{path} has no curve of epochs: give a work dir or a pretraining record.')
    return triples


if __name__ == '__main__':
    cli.run(main)
