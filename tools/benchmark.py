"""Run downstream benchmarks on a pretrained backbone, or whole studies; keep records of all.

    python tools/benchmark.py work_dirs/NAME/NAME_backbone.pth --suite in1k --dry-run
    python tools/benchmark.py work_dirs/NAME/NAME_backbone.pth --suite knn_imagenet cifar10
    tools/dist_benchmark.sh work_dirs/NAME/NAME_backbone.pth 8 --suite in1k transfer --seeds 3
    python tools/benchmark.py untrained --config configs/barlowtwins/NAME.py --suite digits
    python tools/benchmark.py pixels --suite knn_digits linear_digits
    python tools/benchmark.py --suite ablations --on digits --seeds 3

A suite is in1k, transfer, detection or small, a benchmark's name (a file of configs/benchmarks/)
or a data set's, for all of its benchmarks. Records go to work_dirs/NAME/records/; a result that
has one is not measured again. docs/benchmarks.md has more.

Of a study (ablations for all but neighbours) it pretrains and judges each point that has no record,
and writes tables and figures: docs/ablations.md.
"""

import argparse
import shlex
import shutil
import sys
import time
from pathlib import Path

from mmengine.config import DictAction

from mmbarlow import cli
from mmbarlow.benchmarks import suites
from mmbarlow.benchmarks.evaluator import Judge
from mmbarlow.benchmarks.jobs import Job, described, plan, protocols_only, table
from mmbarlow.benchmarks.network import subject
from mmbarlow.config import check_data_folders, load_config
from mmbarlow.errors import InputError
from mmbarlow.launch import on_first, prepare_processes, start_processes, together
from mmbarlow.loss import distributed
from mmbarlow.studies import catalogue as studies
from mmbarlow.studies import report as study_report
from mmbarlow.zoo import provenance


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
        help=f'{", ".join(suites.SUITES)}; benchmarks; data sets; or studies: '
        f'{", ".join([*studies.SUITES, *studies.STUDIES])}',
    )
    parser.add_argument(
        '--seeds',
        type=int,
        default=1,
        metavar='N',
        help='run each benchmark with seeds 0 to N-1; of a study each pretraining, with 0 none',
    )
    parser.add_argument('--dry-run', action='store_true', help='say what would run, on which data')
    parser.add_argument('--config', help='pretraining config, where the checkpoint names none')
    parser.add_argument('--seed', type=int, help="of 'untrained', and of a foreign checkpoint")
    parser.add_argument(
        '--scale', metavar='TEXT', help='what --cfg-options reduces, in a sentence, for the records'
    )
    parser.add_argument('--work-dir', help="by default the checkpoint's folder, or work_dirs/NAME")
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='for each benchmark')
    parser.add_argument('--force', action='store_true', help='measure again what has a record')
    cli.add_launcher_argument(parser)
    study = parser.add_argument_group('studies')
    study.add_argument(
        '--on', nargs='+', metavar='DATA', help='data sets; by default those that need no GPU'
    )
    study.add_argument('--train-options', nargs='+', metavar='KEY=VALUE', help='for each training')
    study.add_argument('--out', help='folder of tables and figures; work_dirs/ablations by default')
    args = parser.parse_args()
    if args.seeds < (0 if studies.find(args.suite) else 1):
        parser.error('--seeds must be at least 1, or 0 for the tables of a study')
    return args


def main() -> int:
    args = parse()
    if names := studies.find(args.suite):
        return study_report.main(names, args)
    if args.model is None:
        raise InputError("give a checkpoint, 'untrained' or 'pixels' before --suite.")
    for option in ('on', 'train_options', 'out'):
        if getattr(args, option) is not None:
            raise InputError(f'--{option.replace("_", "-")} is for studies: see --help.')
    configs = {p: load_config(p, args.cfg_options) for p in suites.find(args.suite)}
    if args.model == 'pixels':
        configs = protocols_only(configs)
    judged = subject(args.model, args.config, args.seed, args.scale)
    work_dir = Path(args.work_dir or judged.work_dir)
    folder = work_dir / 'records'
    start_processes(args.launcher)
    command = dict(command=shlex.join(['python', *sys.argv]))
    jobs = on_first(
        lambda: plan(
            configs,
            args.seeds,
            judged.about | command | provenance.provenance(),
            folder,
            args.force,
        )
    )
    if args.dry_run:
        say(*described(jobs, configs))
        return 0
    judge = None
    for number, job in enumerate(jobs, 1):
        if job.open:
            judge = judge or Judge(judged.build(), judged.encoder_cfg)
            run(job, judge, work_dir, args)
        say(f'[{number}/{len(jobs)}] {job.name}: {job.state}')
    say('', *table(jobs), f'records: {folder}')
    return 2 if any(job.problem for job in jobs) else 0


def run(job: Job, judge: Judge, work_dir: Path, args: argparse.Namespace) -> None:
    """Measure and record; what cannot be measured is a problem of this benchmark alone."""
    start = time.perf_counter()
    try:
        cfg = load_config(job.path, args.cfg_options, str(job.folder(work_dir)))
        together(lambda: check_data_folders(cfg))
        if args.force:  # nothing of an earlier run is gone on with
            on_first(lambda: shutil.rmtree(cfg.work_dir, ignore_errors=True))
        prepare_processes(cfg, args.launcher)
        metrics = judge.measure(cfg, job.blank.benchmark_seed)
        seconds = time.perf_counter() - start
        job.record = on_first(lambda: job.write(metrics, seconds, work_dir, args.force))
    except InputError as error:
        job.problem = cli.one_line(error)


def say(*lines: str) -> None:
    if distributed.rank() == 0:
        print(*lines, sep='\n', flush=True)


if __name__ == '__main__':
    cli.run(main)
