"""Running what a study lacks: a training and its benchmarks for each point and seed."""

import gc
import io
import runpy
import shutil
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import torch

from mmbarlow import cli
from mmbarlow.errors import InputError
from mmbarlow.studies import catalogue as studies
from mmbarlow.studies.results import Results, Trained
from mmbarlow.zoo import records
from mmbarlow.zoo.runs import seeds

ROOT = studies.CONFIGS.parent
THREADS = dict(digits=1)  # on layers this small a second one saves an eighth


@dataclass(frozen=True)
class Options:
    """What the user asks for.

    train: `--cfg-options` for the trainings.
    judge: the same for the benchmarks.
    scale: what they reduce, in a sentence, or None.
    """

    seeds: int
    work_dir: Path
    train: list[str]
    judge: list[str]
    scale: str | None
    force: bool


@dataclass(frozen=True)
class Run:
    """A point with one seed.

    commands: of the tools, with their arguments; none where it is measured.
    remove: a folder that goes before, so that nothing of an earlier run is gone on with.
    problem: why it cannot be run.
    """

    trained: Trained
    seed: int
    commands: list[list[str]]
    remove: Path | None = None
    problem: str | None = None

    @property
    def name(self) -> str:
        return f'{"untrained " * self.trained.untrained}{self.trained.config}, seed {self.seed}'

    @property
    def by_hand(self) -> bool:
        """Whether its training asks for several GPUs, so that the user starts it."""
        return '_1xb' not in self.trained.config and not self.trained.untrained


def plan(points: list[Trained], results: Results, options: Options) -> list[Run]:
    """A run for each of the points and seeds, those that are measured too."""
    return [
        _run(point, seed, results, options)
        for point in dict.fromkeys(points)  # the baseline is one of several studies
        for seed in range(options.seeds)
    ]


def _run(trained: Trained, seed: int, results: Results, options: Options) -> Run:
    measures = studies.MEASURES[trained.dataset]
    wanted = list(dict.fromkeys(m.benchmark for m in measures))
    if not options.force:
        wanted = [b for b in wanted if seed not in seeds(results.of(trained, b))]
    if not wanted:
        return Run(trained, seed, [])
    folder = trained.folder(options.work_dir, seed)
    path = _relative(studies.path(trained.config))
    judge = ['--suite', *wanted, '--work-dir', str(folder), *_listed(options.judge)]
    if trained.untrained:
        judge += ['--scale', options.scale] if options.scale else []
        judge += ['--force'] if options.force else []
        model = ['untrained', '--config', path, '--seed', str(seed)]
        return Run(trained, seed, [['benchmark.py', *model, *judge]])
    backbone = folder / f'{trained.config}_backbone.pth'
    judge = ['benchmark.py', str(backbone), *judge]
    earlier = [r for r in records.read_folder(folder / 'records') if r.task == 'pretrain']
    if earlier and not options.force:
        if earlier[0].scale != results.scale(trained):
            problem = f'{folder} is of another scale: --force replaces it, another --work-dir not.'
            return Run(trained, seed, [judge], problem=problem)
        if backbone.is_file():
            return Run(trained, seed, [judge])
    train = ['train.py', path, '--work-dir', str(folder)]
    # MMEngine writes the file with each checkpoint; what is finished has a record.
    resume = (folder / 'last_checkpoint').is_file() and not (earlier or options.force)
    train += ['--resume'] if resume else []
    train += ['--scale', options.scale] if options.scale else []
    train += _listed([f'randomness.seed={seed}', *options.train])
    return Run(trained, seed, [train, judge], remove=None if resume else folder)


def _listed(settings: list[str]) -> list[str]:
    return ['--cfg-options', *settings] if settings else []


def _relative(path: Path) -> str:
    """As the user would write it, from the project's folder."""
    return str(path.relative_to(ROOT)) if Path.cwd() == ROOT else str(path)


def execute(run: Run) -> str | None:
    """Call its tools; returns what went wrong, if anything."""
    if run.problem:
        return run.problem
    if run.remove:
        shutil.rmtree(run.remove, ignore_errors=True)
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS.get(run.trained.dataset, before))
    try:
        for command in run.commands:
            if problem := call_tool(*command):
                return problem
    finally:
        torch.set_num_threads(before)
        gc.collect()  # the runner's cycles keep the workers of its loaders
    return None


def call_tool(name: str, *arguments: str) -> str | None:
    """Run a tool as the shell would; returns what went wrong, if anything.

    It runs in this process: to import everything takes longer than a short training.
    """
    before, said = sys.argv, io.StringIO()
    sys.argv = [f'tools/{name}', *arguments]  # the records have it as their command
    try:
        with redirect_stdout(said):
            status = runpy.run_path(str(ROOT / 'tools' / name))['main']()
    except InputError as error:
        return cli.one_line(error)
    finally:
        sys.argv = before
    if status:
        return next(line for line in said.getvalue().splitlines() if ': failed: ' in line)
    return None


def described(runs: list[Run], results: Results) -> Iterator[str]:
    """What would run, and how long each took the last time that it or another seed of it did."""
    todo = [run for run in runs if run.commands and not run.by_hand]
    known = []
    for run in runs:
        if not run.commands:
            yield f'{run.name}: has its records'
            continue
        if run.by_hand:
            yield f'{run.name}: to be started by hand, as its config says'
            continue
        earlier = [] if run.trained.untrained else results.of(run.trained)
        for measure in studies.MEASURES[run.trained.dataset]:
            earlier += results.of(run.trained, measure.benchmark)
        last = [r for r in earlier if r.seed == max(r.seed for r in earlier)]
        known += [sum(r.wall_time_s for r in last)] if last else []
        yield f'{run.name}: to run' + (f', {known[-1]:.0f} s on {last[0].date}' if last else '')
    yield f'{len(todo)} of {len(runs)} to run; {len(known)} of them took {sum(known):.0f} s before'
