"""Measure which checkpoint, and which run, can be chosen without labels: docs/choosing.md.

    OMP_NUM_THREADS=1 python tools/choose_checkpoint.py run --cifar10 data/cifar10 --jobs 2
    python tools/choose_checkpoint.py page --records work_dirs/choosing --out docs

`run` trains every run of the study that has no record yet, a process of one thread for each of
`--jobs` at a time, and appends a line of JSON for each checkpoint. `page` makes the tables and the
figures from these lines.
"""

import argparse
from pathlib import Path

from mmbarlow import cli
from mmbarlow.errors import InputError
from mmbarlow.studies.choosing.executing import record_of, train_all
from mmbarlow.studies.choosing.results_page import write_results
from mmbarlow.studies.choosing.trainings import trainings


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='Which checkpoint can be chosen without labels.')
    add = parser.add_argument
    add('verb', choices=['run', 'page'], help='train and measure, or write tables and figures')
    add('--records', default='work_dirs/choosing', help='a folder; for page, also choosing.jsonl')
    add('--cifar10', default='data/cifar10', help='for run: folder with train/ and test/')
    add('--jobs', type=int, default=2, help='for run: trainings at a time, of one thread each')
    add('--only', nargs='+', metavar='NAME', help='for run: of trainings; by default all')
    add('--dry-run', action='store_true', help='for run: say what would run')
    add('--out', default='work_dirs/choosing/page', help='for page: its folder')
    args = parser.parse_args()
    if args.jobs < 1:
        parser.error('--jobs must be at least 1')
    return args


def main() -> int:
    args = parse()
    if args.verb == 'run':
        return run_study(args)
    tables = write_results(Path(args.records), Path(args.out))
    say(*tables, f'tables and figures: {args.out}')
    return 0


def run_study(args: argparse.Namespace) -> int:
    known = {training.name: training for training in trainings()}
    for name in args.only or []:
        if name not in known:
            raise InputError(f'the study has no run {name}: there is {", ".join(known)}.')
    chosen, folder = [known[name] for name in args.only or known], Path(args.records)
    if any(t.dataset == 'cifar10' for t in chosen) and not Path(args.cifar10, 'train').is_dir():
        raise InputError(
            f'there is no folder {Path(args.cifar10, "train")}: give that of CIFAR-10 as class '
            'folders with --cifar10, or the names of runs on digits with --only.'
        )
    if args.dry_run:
        for training in chosen:
            print(training.name, 'is done' * record_of(training, folder).is_file() or 'to run')
        return 0
    problems = train_all(chosen, folder, args.cifar10, args.jobs, say)
    say(f'records: {folder}', *problems)
    return 2 if problems else 0


def say(*lines: str) -> None:
    print(*lines, sep='\n', flush=True)


if __name__ == '__main__':
    cli.run(main)
