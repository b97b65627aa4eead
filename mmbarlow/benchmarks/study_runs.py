"""Running what a study lacks: a training and its benchmarks for each point and seed."""

import gc
import io
import runpy
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import torch

from mmbarlow import cli
from mmbarlow.errors import InputError

from . import studies
from .study_records import Results, Trained

ROOT = studies.CONFIGS.parent
THREADS = dict(digits=1)  # on layers this small two wait for each other longer than they compute


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
    """A point with one seed."""

    trained: Trained
    seed: int
    commands: list[list[str]]  # of the tools; none where it is measured

    @property
    def name(self) -> str:
        return f'{"untrained " * self.trained.untrained}{self.trained.config}, seed {self.seed}'


def plan(points: list[Trained], results: Results, options: Options) -> list[Run]:
    """A run for each of the points and seeds, those that are measured too."""
    return [
        Run(point, seed, list(_commands(point, seed, results, options)))
        for point in dict.fromkeys(points)  # the baseline is one of several studies
        for seed in range(options.seeds)
    ]


def _commands(
    trained: Trained, seed: int, results: Results, options: Options
) -> Iterator[list[str]]:
    """The tools that are to be called, with their arguments."""
    measures = studies.MEASURES[trained.dataset]
    wanted = dict.fromkeys(m.benchmark for m in measures)
    if not options.force:
        wanted = [b for b in wanted if seed not in [r.seed for r in results.of(trained, b)]]
    if not wanted:
        return
    folder = trained.folder(options.work_dir, seed)
    judge = ['--suite', *wanted, '--work-dir', str(folder)]
    path = _relative(studies.path(trained.config))
    backbone = folder / f'{trained.config}_backbone.pth'
    force = options.force
    if trained.untrained:
        model = ['untrained', '--config', path, '--seed', str(seed)]
        judge += ['--scale', options.scale] if options.scale else []
    else:
        model = [str(backbone)]
        finished = seed in [r.seed for r in results.of(trained)] and backbone.is_file()
        if force or not finished:
            yield ['train.py', path, *_train_arguments(path, folder, seed, options)]
            force = True  # what there is of benchmarks is of another network
    judge += ['--force'] if force else []
    yield ['benchmark.py', *model, *judge, *_listed(options.judge)]


def _train_arguments(path: str, folder: Path, seed: int, options: Options) -> Iterator[str]:
    yield from ('--work-dir', str(folder))
    # The file that MMEngine writes with each checkpoint. A training that is finished has a record.
    if (folder / 'last_checkpoint').is_file() and not list(folder.glob('records/*.json')):
        yield '--resume'
    settings = [f'randomness.seed={seed}', *options.train]
    if options.scale:
        hooks = cli.load_config(ROOT / path).custom_hooks
        i = [hook.type for hook in hooks].index('mmbarlow.ExportHook')
        own = hooks[i].get('scale', 'full')
        scale = options.scale if own == 'full' else f'{own}; {options.scale}'
        settings.append(f'custom_hooks.{i}.scale="{scale}"')
    yield from _listed(settings)


def _listed(settings: list[str]) -> list[str]:
    return ['--cfg-options', *settings] if settings else []


def _relative(path: Path) -> str:
    """As the user would write it, from the project's folder."""
    return str(path.relative_to(ROOT)) if Path.cwd() == ROOT else str(path)


def execute(run: Run) -> str | None:
    """Call its tools; returns what went wrong, if anything.

    A training of several GPUs is started by the user.
    """
    if '_1xb' not in run.trained.config and not run.trained.untrained:
        return f'start it by hand, with the command that {run.trained.config}.py opens with.'
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
    todo = [run for run in runs if run.commands]
    known = []
    for run in runs:
        if not run.commands:
            yield f'{run.name}: has its records'
            continue
        earlier = [] if run.trained.untrained else results.of(run.trained)
        for measure in studies.MEASURES[run.trained.dataset]:
            earlier += results.of(run.trained, measure.benchmark)
        last = [r for r in earlier if r.seed == max(r.seed for r in earlier)]
        known += [sum(r.wall_time_s for r in last)] if last else []
        yield f'{run.name}: to run' + (f', {known[-1]:.0f} s on {last[0].date}' if last else '')
    yield f'{len(todo)} of {len(runs)} to run; {len(known)} of them took {sum(known):.0f} s before'
