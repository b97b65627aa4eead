"""The jobs of a suite: which benchmarks with which seeds, and what is known of each."""

import shlex
import sys
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

from mmengine.config import Config

from mmbarlow.benchmarks import suites
from mmbarlow.benchmarks.evaluator import is_random, is_training
from mmbarlow.benchmarks.network import Network
from mmbarlow.config import data_roots, load_config
from mmbarlow.errors import InputError
from mmbarlow.launch import on_first, start_processes
from mmbarlow.zoo import provenance, records
from mmbarlow.zoo.names import one_line_of
from mmbarlow.zoo.records import Record
from mmbarlow.zoo.runs import measured


@dataclass(frozen=True)
class SuiteOptions:
    """How a suite is run."""

    work_dir: Path  # where results go
    seeds: int = 1  # each benchmark is run with 0 to seeds - 1; once if it draws nothing
    cfg_options: dict | None = None  # changes to the config of each benchmark
    force: bool = False  # measure again what has a record
    launcher: str = 'none'  # what started the processes
    command: str | None = None  # for the records; None: that of this process

    @property
    def records(self) -> Path:
        return self.work_dir / 'records'


@dataclass
class Job:
    """One benchmark with one seed."""

    cfg: Config  # with a `work_dir` of its own
    blank: Record  # without metrics and time
    record: Record | None = None  # the whole one, once it is measured
    problem: str | None = None  # why there is no record

    @property
    def name(self) -> str:
        seed = self.blank.benchmark_seed
        return self.blank.config + (f', run {seed}' if seed else '')

    @property
    def state(self) -> str:
        if self.record is None:
            return f'failed: {self.problem}' if self.problem else 'to run'
        return f'measured on {self.record.date} in {self.record.wall_time_s:.0f} s'


def plan_jobs(names: list[str], network: Network, options: SuiteOptions) -> list[Job]:
    """The jobs of the suites, benchmarks and data sets in `names`, in order, with the records of
    earlier runs. Starts the processes.

    Raises:
        InputError: a name stands for nothing, a config is not valid, or all benchmarks train, and
            the network is raw pixels.
    """
    configs = [load_config(path, options.cfg_options) for path in suites.find_benchmarks(names)]
    if network.about['model'] == 'pixels':
        trained = ', '.join(Path(cfg.filename).stem for cfg in configs if is_training(cfg))
        configs = [cfg for cfg in configs if not is_training(cfg)]
        if not configs:
            raise InputError(f'raw pixels have no network to train, so {trained} cannot be run.')
    start_processes(options.launcher)
    return on_first(lambda: list(_plan(configs, network, options)))


def job_lines(jobs: Sequence[Job]) -> Iterator[str]:
    """What would run, on which data, and where to get that."""
    for job in jobs:
        todo = job.problem or f'to run: {_length(job.cfg)}'
        yield f'{job.name:<32} {"has a record" if job.record else todo}'
        if job.record is None:
            for root in sorted({root for _, root in data_roots(job.cfg)}):
                yield f'    {root}: {"there" if Path(root).is_dir() else "missing"}'
    left = [Path(job.cfg.filename) for job in jobs if job.record is None]
    if left:
        yield 'Data:'
    for name in dict.fromkeys(map(suites.whole_dataset, left)):
        yield f'    {name}: {suites.DATA_SOURCES.get(name, "see its config")}'


def result_lines(jobs: Sequence[Job]) -> Iterator[str]:
    """Number of runs, mean and sample deviation of each metric; then what failed."""
    yield f'{"benchmark":<32} runs  percent'
    for config in dict.fromkeys(job.blank.config for job in jobs):
        same = [job for job in jobs if job.blank.config == config]
        done = [job.record for job in same if job.record]
        if done:
            numbers = (f'{name} {measured(done, name, ".2f")}' for name in done[0].metrics)
            yield f'{config:<32} {len(done):>4}  {"  ".join(numbers)}'
        for job in same:
            if job.problem:
                yield f'{job.name:<32} {"-":>4}  failed: {job.problem}'


def _plan(configs: list[Config], network: Network, options: SuiteOptions) -> Iterator[Job]:
    facts = network.about | provenance.provenance()
    facts['command'] = one_line_of(options.command or shlex.join(['python', *sys.argv]))
    for cfg in configs:
        path = Path(cfg.filename)
        own = dict(config=path.stem, task=path.parent.name, dataset=suites.dataset(path))
        for seed in range(options.seeds if is_random(cfg) else 1):
            blank = Record(**own, **facts, metrics={}, wall_time_s=0.0, benchmark_seed=seed)
            whole = replace(blank, metrics=dict(top1=0.0))
            records.check_writable(whole, options.records)
            job = Job(deepcopy(cfg), blank)
            folder = Path(path.stem, f'seed{blank.seed}-run{seed}')
            job.cfg.work_dir = str(options.work_dir / 'benchmarks' / folder)
            file = options.records / records.file_name(blank)
            if file.is_file() and not options.force:
                try:
                    job.record = _earlier(blank, file)
                except InputError as error:
                    job.problem = str(error)
            yield job


def _earlier(blank: Record, file: Path) -> Record:
    """The record of an earlier run; InputError if it is broken or of another network."""
    found = records.read(file)
    for field, what in (('checkpoint_sha256', 'checkpoint'), ('scale', 'scale')):
        if getattr(found, field) != getattr(blank, field):
            cure = '--force replaces it, another --work-dir keeps both.'
            raise InputError(f'{file} is of another {what}: {cure}')
    return found


def _length(cfg: Config) -> str:
    if not is_training(cfg):
        return 'frozen features'
    loop = cfg.train_cfg
    if loop.get('max_iters', 0) is None:
        return 'iterations by the number of images'
    return f'{loop.max_iters} iterations' if 'max_iters' in loop else f'{loop.max_epochs} epochs'
