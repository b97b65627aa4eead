"""Running studies: pretrain and evaluate each point that has no record."""

import gc
import os
import shlex
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from mmbarlow import signals
from mmbarlow.benchmarks.jobs import SuiteOptions, plan_jobs
from mmbarlow.benchmarks.network import read_network
from mmbarlow.benchmarks.running import run_jobs
from mmbarlow.checkpoints import guard_weights
from mmbarlow.config import load_config
from mmbarlow.engine.folder_lock import clear
from mmbarlow.engine.pretraining import add_scale, pretrain, resume_from
from mmbarlow.errors import InputError, one_line
from mmbarlow.studies.catalogue import config_path
from mmbarlow.studies.processes import side_by_side
from mmbarlow.studies.runs import StudyOptions, StudyRun
from mmbarlow.zoo import records

THREADS = dict(digits=1)  # on layers this small a second one saves an eighth


def execute(
    runs: list[StudyRun], options: StudyOptions, say: Callable[[str], None], jobs: int = 1
) -> list[str]:
    """Pretrain and evaluate what is not measured, and `say` it; returns a line for each failure.

    Args:
        runs: from `plan_runs`.
        options: those of `plan_runs`.
        say: gets a line about each run, as they end.
        jobs: number of runs at a time, each in a process of its own if there are several.
    """
    todo = [run for run in runs if run.benchmarks and not run.by_hand]
    problems, threads = [], torch.get_num_threads()
    attempt = partial(_attempt, options=options, threads=max(1, threads // jobs))
    signals.defer(False, 'the same command continues the study')
    done = side_by_side(attempt, todo, jobs) if jobs > 1 else ((run, attempt(run)) for run in todo)
    for number, (run, outcome) in enumerate(done, 1):
        problem, took = outcome or ('its process died, perhaps for want of memory', '')
        say(f'[{number}/{len(todo)}] {run.name}: {problem or took}')
        problems += [f'{run.name}: {problem}'] if problem else []
    torch.set_num_threads(threads)
    return problems


def _attempt(run: StudyRun, options: StudyOptions, threads: int) -> tuple[str | None, str]:
    """The first failure, if any, and how long it took."""
    start = time.perf_counter()
    torch.set_num_threads(THREADS.get(run.point.dataset, threads))
    guard_weights()  # as `cli.run` does, which a process of its own has not come through
    try:
        problem = _execute(run, options)
    except InputError as error:
        problem = one_line(error)
    gc.collect()  # the runner's cycles keep the workers of its loaders
    return problem, f'{time.perf_counter() - start:.0f} s'


def _execute(run: StudyRun, options: StudyOptions) -> str | None:
    """Returns the first failure of a benchmark, if any."""
    folder = run.point.folder(options.work_dir, run.seed)
    if run.point.untrained:
        path = os.path.relpath(config_path(run.point.config))
        network = read_network('untrained', path, run.seed, options.scale)
        model, scale = ['untrained', '--config', path, '--seed', str(run.seed)], options.scale
    else:
        backbone = _pretrained(run, options, folder)
        network, model, scale = read_network(backbone), [backbone], None  # the file has its scale
    arguments = [*model, '--suite', *run.benchmarks, '--work-dir', str(folder)]
    suite = SuiteOptions(
        work_dir=folder,
        cfg_options=options.cfg_options,
        force=options.force and run.point.untrained,  # a pretraining clears its folder
        command=_command('benchmark.py', arguments, scale, options.cfg_options),
    )
    jobs = plan_jobs(run.benchmarks, network, suite)
    run_jobs(jobs, network, suite, lambda line: None)
    return next((f'{job.name}: {job.state}' for job in jobs if job.problem), None)


def _pretrained(run: StudyRun, options: StudyOptions, folder: Path) -> str:
    """The backbone, which is there or is pretrained now.

    Raises:
        InputError: there is one of another scale, or the pretraining fails.
    """
    found = [] if options.force else records.read_folder(folder / 'records')
    earlier = [record for record in found if record.task == 'pretrain']
    if earlier and earlier[0].scale != run.point.scale(options.scale):
        cure = '--force replaces it, another --work-dir keeps both.'
        raise InputError(f'{folder} is of another scale: {cure}')
    if earlier and (finished := [*folder.glob('*_backbone.pth')]):
        return str(finished[0])
    # MMEngine writes the file with each checkpoint; a finished pretraining has a record.
    resumes = (folder / 'last_checkpoint').is_file() and not (earlier or options.force)
    if not resumes:
        clear(folder)
    path = os.path.relpath(config_path(run.point.config))
    cfg_options = {'randomness.seed': run.seed, **(options.train_options or {})}
    cfg = load_config(path, cfg_options, str(folder))
    if resumes:
        resume_from(cfg)
    if options.scale:
        add_scale(cfg, options.scale)
    arguments = [path, '--work-dir', str(folder), *['--resume'] * resumes]
    command = _command('train.py', arguments, options.scale, cfg_options)
    cfg.default_hooks.export.command = command
    return str(pretrain(cfg, quiet=True))


def _command(tool: str, arguments: list[str], scale: str | None, cfg_options: dict | None) -> str:
    """What does the same by hand, for the record."""
    arguments = [*arguments, *(['--scale', scale] if scale else [])]
    settings = [f'{key}={value}' for key, value in (cfg_options or {}).items()]
    options = ['--cfg-options', *settings] if settings else []
    return shlex.join(['python', f'tools/{tool}', *arguments, *options])
