"""Does to runs what machines do to them, and counts what is lost.

    python tools/torture.py                                # all of it, reduced: some minutes
    python tools/torture.py --parts kills --kills 200      # with one and with two checkpoints kept
    python tools/torture.py --parts resumes                # 20 trainings, stopped and resumed
    python tools/torture.py --parts leaks --steps 20000
    python tools/torture.py --parts files --files 10000

Every part trains on scikit-learn's digits and needs no GPU and no data. Each result is printed and
put into the JSON file as it comes. docs/reliability.md has the numbers of the last run. Exit status
1 says that something was lost.
"""

import argparse
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault('OMP_NUM_THREADS', '1')  # trainings are forks, and threads do not fork

from attacks import files, kills, leaks, resumes
from mmbarlow import cli, registered
from mmbarlow.files import write_atomically
from mmbarlow.zoo.provenance import provenance

PARTS = ('kills', 'resumes', 'leaks', 'files')


def main() -> int:
    args = parse()
    assert registered
    with tempfile.TemporaryDirectory() as folder:
        root = Path(args.folder or folder)
        found: dict = dict(provenance())
        for part in args.parts:
            found[part] = []
            for result in run(part, root / part, args):
                print(f'{part}: {json.dumps(result)}', flush=True)
                found[part].append(result)
                write_atomically(args.out, json.dumps(found, indent=2))
    return int(any(result.get('lost') for part in args.parts for result in found[part]))


def run(part: str, folder: Path, args: argparse.Namespace) -> Iterator[dict]:
    if part == 'kills':
        yield from (kills.attack(folder / f'keep{n}', args.kills, n) for n in (1, 2))
    elif part == 'resumes':
        yield from resumes.attack(folder, args.only)
    elif part == 'leaks':
        yield leaks.attack(folder, args.steps, min(1000, args.steps // 2))
    else:
        yield files.attack(folder, args.files)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='What machines do to runs.')
    add = parser.add_argument
    add('--parts', nargs='+', choices=PARTS, default=list(PARTS))
    add('--kills', type=int, default=10, help='for each number of checkpoints that are kept')
    add('--only', nargs='+', help='resumes of these names')
    add('--steps', type=int, default=2000, help='of the long training')
    add('--files', type=int, default=500, help='mutated images')
    add('--folder', help='where the runs go, and stay; by default a temporary one')
    add('--out', type=Path, default=Path('work_dirs/torture.json'))
    return parser.parse_args()


if __name__ == '__main__':
    cli.run(main)
