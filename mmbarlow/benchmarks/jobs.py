"""What is to be run, what has been, and the table of both."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from mmengine.config import Config

from mmbarlow.benchmarks import suites
from mmbarlow.benchmarks.evaluator import is_random, is_training
from mmbarlow.config import data_roots
from mmbarlow.errors import InputError
from mmbarlow.zoo import records, schema
from mmbarlow.zoo.curve import read_curve
from mmbarlow.zoo.records import Record
from mmbarlow.zoo.runs import measured


@dataclass
class Job:
    """One benchmark with one seed.

    path: its config.
    blank: its record, but for metrics and time.
    record: the whole of it, where it was measured, earlier or by now.
    problem: why it could not be.
    """

    path: Path
    blank: Record
    record: Record | None = None
    problem: str | None = None

    @property
    def name(self) -> str:
        run = f', run {self.blank.benchmark_seed}' if self.blank.benchmark_seed else ''
        return self.path.stem + run

    @property
    def open(self) -> bool:
        return self.record is None and self.problem is None

    @property
    def state(self) -> str:
        if self.record is None:
            return f'failed: {self.problem}' if self.problem else 'to run'
        return f'measured on {self.record.date} in {self.record.wall_time_s:.0f} s'

    def folder(self, work_dir: Path) -> Path:
        """Where the benchmark writes what it needs on its way: a folder of its own."""
        seeds = f'seed{self.blank.seed}-run{self.blank.benchmark_seed}'
        return work_dir / 'benchmarks' / self.path.stem / seeds

    def write(
        self, metrics: dict[str, float], seconds: float, work_dir: Path, force: bool
    ) -> Record:
        """The record, written; an InputError where there is one by now and `force` is not set.

        That of a training has the curve that its log has left in the benchmark's folder.
        """
        curve = read_curve(self.folder(work_dir)) or None
        record = replace(self.blank, metrics=metrics, wall_time_s=round(seconds, 1), curve=curve)
        records.write(record, work_dir / 'records', force)
        return record


def protocols_only(configs: dict[Path, Config]) -> dict[Path, Config]:
    """Without the benchmarks that train on the network: raw pixels have none.

    Raises:
        InputError: no other is left.
    """
    left = {path: cfg for path, cfg in configs.items() if not is_training(cfg)}
    if not left:
        names = ', '.join(path.stem for path in configs)
        raise InputError(f'raw pixels have no network to train: {names} cannot judge them.')
    return left


def plan(
    configs: dict[Path, Config], count: int, facts: dict, folder: Path, force: bool
) -> list[Job]:
    """The jobs in order.

    Args:
        configs: of the benchmarks, by path.
        count: seeds of a benchmark; one that draws nothing is run once.
        facts: the fields of the records that all have in common.
        folder: of the records.
        force: do not look for finished ones.

    Raises:
        InputError: the facts do not make a valid record.
    """
    jobs = []
    for path, cfg in configs.items():
        for seed in range(count if is_random(cfg) else 1):
            own = dict(config=path.stem, task=path.parent.name, dataset=suites.dataset(path))
            blank = Record(**own, **facts, metrics={}, wall_time_s=0.0, benchmark_seed=seed)
            schema.validate(asdict(replace(blank, metrics=dict(top1=0.0))), f'a record of {path}')
            jobs.append(Job(path, blank))
            if not force:
                _look_up(jobs[-1], folder)
    return jobs


def _look_up(job: Job, folder: Path) -> None:
    """Find the record that an earlier run left; one of something else is a problem."""
    file = folder / records.file_name(job.blank)
    if not file.is_file():
        return
    try:
        found = records.read(file)
    except InputError as error:
        job.problem = str(error)
        return
    for field, what in (('checkpoint_sha256', 'another checkpoint'), ('scale', 'another scale')):
        if getattr(found, field) != getattr(job.blank, field):
            job.problem = (
                f'{file} is of {what}: --force replaces it, another --work-dir keeps both.'
            )
            return
    job.record = found


def described(jobs: Sequence[Job], configs: dict[Path, Config]) -> Iterator[str]:
    """Lines that say what would run, in order, on which data, and where that is to be had."""
    for job in jobs:
        cfg = configs[job.path]
        state = 'has a record' if job.record else job.problem or f'to run: {_length(cfg)}'
        yield f'{job.name:<32} {state}'
        if job.record is None:
            for root in sorted({root for _, root in data_roots(cfg)}):
                yield f'    {root}: {"there" if Path(root).is_dir() else "missing"}'
    wanted = dict.fromkeys(suites.whole_dataset(job.path) for job in jobs if job.record is None)
    if wanted:
        yield 'Data:'
    for name in wanted:
        yield f'    {name}: {suites.SOURCES.get(name, "see its config")}'


def _length(cfg: Config) -> str:
    if not is_training(cfg):
        return 'frozen features'
    loop = cfg.train_cfg
    return f'{loop.max_iters} iterations' if 'max_iters' in loop else f'{loop.max_epochs} epochs'


def table(jobs: Sequence[Job]) -> Iterator[str]:
    """A line a benchmark: number of runs, mean and sample deviation of each metric; failures."""
    yield f'{"benchmark":<32} runs  percent'
    for path in dict.fromkeys(job.path for job in jobs):
        same = [job for job in jobs if job.path == path]
        done = [job.record for job in same if job.record]
        if done:
            numbers = (f'{name} {measured(done, name, ".2f")}' for name in done[0].metrics)
            yield f'{path.stem:<32} {len(done):>4}  {"  ".join(numbers)}'
        for job in same:
            if job.problem:
                yield f'{job.name:<32} {"-":>4}  failed: {job.problem}'
