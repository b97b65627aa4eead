"""What the tool does with studies: run what has no record, then write tables and figures."""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

from mmbarlow.errors import InputError
from mmbarlow.files import write_atomically
from mmbarlow.studies import catalogue as studies
from mmbarlow.studies import figures as study_figures
from mmbarlow.studies import results as study_records
from mmbarlow.studies import runs as study_runs
from mmbarlow.studies.results import Results
from mmbarlow.studies.runs import Options

PAGE = 'ablations_results.md'
INTRO = """\
# Ablations: results

Made by `tools/benchmark.py --suite {names}` from records, not to be edited.
[ablations.md](ablations.md) says what is compared, and how to make it. Accuracies are in percent:
the mean over the seeds of the pretraining, ± the sample standard deviation. What is published is
top-1 of a linear classifier on ResNet-50 and ImageNet, 300 epochs: to be compared with ours in the
order of the points, not in value.
"""


def main(names: list[str], args: argparse.Namespace) -> int:
    """`report` with the arguments of tools/benchmark.py.

    Raises:
        InputError: as there, or an argument does not go with studies.
    """
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
    options = Options(
        seeds=args.seeds,
        work_dir=work_dir,
        train=args.train_options or [],
        judge=[f'{key}={value}' for key, value in (args.cfg_options or {}).items()],
        scale=args.scale,
        force=args.force,
    )
    return report(names, args.on, options, args.dry_run, Path(args.out or work_dir / 'ablations'))


def report(
    names: list[str], datasets: list[str] | None, options: Options, dry_run: bool, out: Path
) -> int:
    """Do it, and print how it goes; returns the exit status.

    Args:
        names: of studies.
        datasets: those wanted of each study; by default those that need no GPU.
        options: see there.
        dry_run: say what would run, and stop.
        out: folder of the page and the figures.

    Raises:
        InputError: no study has one of the data sets, or a record is not valid.
    """
    wanted = list(_wanted(names, datasets))
    results = Results(options.work_dir, options.scale)
    points = [
        row.trained for study, data in wanted for row in study_records.rows(study, data, results)
    ]
    runs = study_runs.plan(points, results, options)
    if dry_run:
        print(*study_runs.described(runs, results), sep='\n')
        return 0
    problems = _run([run for run in runs if run.commands and not run.by_hand])
    out.mkdir(parents=True, exist_ok=True)
    page = [INTRO.format(names=' '.join(names))]
    for study, data in wanted:
        rows = study_records.rows(study, data, results)
        text = study_records.write_table(study, data, rows)
        print(f'\n{text}', end='')
        if any(row.found[0] for row in rows if row.key is not None):
            name = next(name for name in names if studies.STUDIES[name] is study)
            figure = f'ablations_{name}_{data}.png'
            study_figures.draw(study, data, rows, out / figure)
            text += f'\n![{study.title}, {data}]({figure})\n'
        page.append(text)
    write_atomically(out / PAGE, '\n'.join(page))
    print(f'\ntables and figures: {out}', *problems, sep='\n')
    return 2 if problems else 0


def _wanted(names: list[str], datasets: list[str] | None) -> Iterator[tuple[studies.Study, str]]:
    """Each study on each of its data sets that is asked for."""
    known = dict.fromkeys(data for name in names for data in studies.STUDIES[name].points)
    for data in datasets or []:
        if data not in known:
            raise InputError(f'{" ".join(names)} on {data}: there is {", ".join(known)}.')
    for name in names:
        study = studies.STUDIES[name]
        yield from ((study, data) for data in datasets or study.small if data in study.points)


def _run(runs: list[study_runs.Run]) -> list[str]:
    """Run them one after the other; returns a line for each that went wrong."""
    problems = []
    for number, run in enumerate(runs, 1):
        start = time.perf_counter()
        problem = study_runs.execute(run)
        took = f'{time.perf_counter() - start:.0f} s'
        print(f'[{number}/{len(runs)}] {run.name}: {problem or took}', flush=True)
        if problem:
            problems.append(f'{run.name}: {problem}')
    return problems
