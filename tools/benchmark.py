"""Run downstream benchmarks on a pretrained backbone, or whole studies; keep records of all.

    python tools/benchmark.py work_dirs/NAME/NAME_backbone.pth --suite in1k --dry-run
    python tools/benchmark.py work_dirs/NAME/NAME_backbone.pth --suite knn_imagenet cifar10
    tools/dist_benchmark.sh work_dirs/NAME/NAME_backbone.pth 8 --suite in1k transfer --seeds 3
    python tools/benchmark.py untrained --config configs/barlowtwins/NAME.py --suite digits
    python tools/benchmark.py pixels --suite knn_digits linear_digits
    python tools/benchmark.py work_dirs/NAME/NAME_backbone.pth --suite card --on cifar10
    python tools/benchmark.py --suite ablations --on digits --seeds 3 --jobs 2

A suite is in1k, transfer, detection or small, or the name of a benchmark (a file of
configs/benchmarks/), or that of a data set, for all of its benchmarks. Records go to
work_dirs/NAME/records/; a result that has one is not measured again. More: docs/benchmarks.md.

The suite `card` makes a page of results on each data set, or folder of images with labels, masks or
boxes, after --on: docs/card.md. `mmbarlow card` has more options for it.

A study (`ablations`: all but `baselines` and `family`) pretrains and evaluates each of its
points that has no record, then writes tables and figures: docs/ablations.md.
"""

import argparse
from pathlib import Path

from mmbarlow import cli
from mmbarlow.benchmarks import suites
from mmbarlow.benchmarks.card.data import named_card_data
from mmbarlow.benchmarks.card.making import make_card
from mmbarlow.benchmarks.card.options import PARTS, CardOptions
from mmbarlow.benchmarks.jobs import SuiteOptions, job_lines, plan_jobs, result_lines
from mmbarlow.benchmarks.labeled_task import task_name
from mmbarlow.benchmarks.network import read_network
from mmbarlow.benchmarks.place_card.making import Reading, make_place_card
from mmbarlow.benchmarks.place_card.tasks import place_part, place_task
from mmbarlow.benchmarks.running import run_jobs
from mmbarlow.errors import InputError
from mmbarlow.loss import distributed
from mmbarlow.studies import catalogue
from mmbarlow.studies.report import write_report
from mmbarlow.studies.results import Results
from mmbarlow.studies.running import execute
from mmbarlow.studies.runs import StudyOptions, plan_runs, run_lines


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='Run downstream benchmarks.')
    parser.add_argument(
        'model',
        nargs='?',
        help="a checkpoint, or 'untrained' or 'pixels' to compare with; none for studies",
    )
    parser.add_argument(
        '--suite',
        nargs='+',
        required=True,
        help=f'{", ".join(suites.SUITES)}; benchmarks; data sets; card; or studies: '
        f'{", ".join([*catalogue.GROUPS, *catalogue.STUDIES])}',
    )
    parser.add_argument(
        '--seeds',
        type=int,
        default=1,
        metavar='N',
        help='run each benchmark, or each pretraining of a study, with seeds 0 to N-1; with 0 a '
        'study runs none',
    )
    parser.add_argument('--dry-run', action='store_true', help='say what would run, on which data')
    parser.add_argument('--config', help='pretraining config, where the checkpoint has none')
    parser.add_argument('--seed', type=int, help="of 'untrained', and of a foreign checkpoint")
    parser.add_argument(
        '--scale', metavar='TEXT', help='what --cfg-options reduces, in a sentence, for the records'
    )
    parser.add_argument('--work-dir', help="by default the checkpoint's folder, or work_dirs/NAME")
    parser.add_argument(
        '--cfg-options', nargs='+', action=cli.DictAction, help='for each benchmark'
    )
    parser.add_argument('--force', action='store_true', help='measure again what has a record')
    cli.add_launcher_argument(parser)
    parser.add_argument(
        '--supervised', metavar='FILE', help='weights trained with labels, a column of a card'
    )
    study = parser.add_argument_group('studies')
    study.add_argument(
        '--on',
        nargs='+',
        metavar='DATA',
        help='data sets, by default those that need no GPU; of a card, data sets or folders',
    )
    study.add_argument(
        '--train-options', nargs='+', action=cli.DictAction, help='for each pretraining'
    )
    study.add_argument(
        '--jobs',
        type=int,
        metavar='N',
        help='number of pretrainings at a time, each with its share of the threads (default: 1)',
    )
    study.add_argument('--out', help='folder of tables and figures; work_dirs/ablations by default')
    args = parser.parse_args()
    if args.seeds < (0 if catalogue.find_studies(args.suite) else 1):
        parser.error('--seeds must be at least 1, or 0 for the tables of a study')
    if args.jobs is not None and args.jobs < 1:
        parser.error('--jobs must be at least 1')
    return args


def main() -> int:
    args = parse()
    studies = catalogue.find_studies(args.suite)
    return run_a_study(studies, args) if studies else run_a_suite(args)


def run_a_suite(args: argparse.Namespace) -> int:
    if args.model is None:
        raise InputError("give a checkpoint, 'untrained' or 'pixels' before --suite.")
    if 'card' in args.suite:
        return make_cards(args)
    for option in ('on', 'train_options', 'jobs', 'out', 'supervised'):
        if getattr(args, option) is not None:
            kind = 'the suite card' if option == 'supervised' else 'studies'
            raise InputError(f'--{option.replace("_", "-")} is for {kind}: see --help.')
    network = read_network(args.model, args.config, args.seed, args.scale)
    work_dir = Path(args.work_dir or network.work_dir)
    options = SuiteOptions(work_dir, args.seeds, args.cfg_options, args.force, args.launcher)
    jobs = plan_jobs(args.suite, network, options)
    if args.dry_run:
        say(*job_lines(jobs))
        return 0
    run_jobs(jobs, network, options, say)
    say('', *result_lines(jobs), f'records: {options.records}')
    return 2 if any(job.problem for job in jobs) else 0


def make_cards(args: argparse.Namespace) -> int:
    """Report cards on the data sets or folders after --on."""
    if len(args.suite) > 1 or not args.on:
        raise InputError(
            'the suite card stands alone and needs --on: data sets, or folders of images with '
            'labels, masks or boxes.'
        )
    if args.launcher != 'none':
        raise InputError('a card is made in one process: leave --launcher out.')
    network = read_network(args.model, args.config, args.seed, args.scale)
    options = CardOptions(supervised=args.supervised)
    kinds = {on: place_part(on, None) for on in args.on}
    labeled = {
        on: named_card_data(on, network, args.cfg_options)
        for on, kind in kinds.items()
        if kind is None
    }
    for on, kind in kinds.items():
        out = Path(args.work_dir or network.work_dir) / 'card' / task_name(on)
        if args.dry_run:
            say(f'card on {out.name}: {kind or ", ".join(PARTS)}')
        elif kind:
            task = place_task(on, kind, out, None, 0)
            make_place_card(network, task, options, out, out / 'records', Reading(), say)
        else:
            make_card(network, labeled[on], options, out, out / 'records', say)
    return 0


def run_a_study(studies: list[str], args: argparse.Namespace) -> int:
    for option in ('model', 'config', 'seed'):
        if getattr(args, option) is not None:
            raise InputError(
                f'a study trains its own networks: leave {getattr(args, option)} ({option}) out.'
            )
    if args.launcher != 'none':
        raise InputError('a study runs in one process: leave --launcher out.')
    if (args.train_options or args.cfg_options) and not args.scale:
        raise InputError('say with --scale what the options reduce: the records keep it.')
    work_dir = Path(args.work_dir or 'work_dirs')
    options = StudyOptions(
        work_dir,
        args.seeds,
        args.cfg_options,
        args.force,
        train_options=args.train_options,
        scale=args.scale,
    )
    results = Results(work_dir, args.scale)
    runs = plan_runs(studies, args.on, results, options)
    if args.dry_run:
        say(*run_lines(runs, results))
        return 0
    problems = execute(runs, options, say, args.jobs or 1)
    out = Path(args.out or work_dir / 'ablations')
    tables = write_report(studies, args.on, results, out)
    say('', *tables, f'tables and figures: {out}', *problems)
    return 2 if problems else 0


def say(*lines: str) -> None:
    if distributed.rank() == 0:
        print(*lines, sep='\n', flush=True)


if __name__ == '__main__':
    cli.run(main)
