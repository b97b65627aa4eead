"""What a study lacks: a pretraining and its benchmarks for each point and seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from mmbarlow.benchmarks.jobs import SuiteOptions
from mmbarlow.studies.catalogue import comparisons
from mmbarlow.studies.results import MEASURES, Point, Results, rows
from mmbarlow.zoo.runs import seeds


@dataclass(frozen=True)
class StudyOptions(SuiteOptions):
    """How studies are run; the seeds are those of the pretraining.

    train_options: changes to the config of each pretraining.
    scale: what the options reduce, in a sentence, or None.
    """

    train_options: dict | None = None
    scale: str | None = None


@dataclass(frozen=True)
class StudyRun:
    """A point with one seed.

    benchmarks: those without a record.
    """

    point: Point
    seed: int
    benchmarks: list[str]

    @property
    def name(self) -> str:
        return f'{"untrained " * self.point.untrained}{self.point.config}, seed {self.seed}'

    @property
    def by_hand(self) -> bool:
        """Whether the user starts it, since its pretraining needs several GPUs."""
        return '_1xb' not in self.point.config and not self.point.untrained


def plan_runs(
    names: list[str], datasets: list[str] | None, results: Results, options: StudyOptions
) -> list[StudyRun]:
    """A run for each point and seed of the studies, measured or not.

    Raises:
        InputError: no study has one of the `datasets`, see `comparisons`.
    """
    runs = {}  # by point and seed, since the recipe is a point of several studies
    for _, study, dataset in comparisons(names, datasets):
        for row, seed in product(rows(study, dataset, results), range(options.seeds)):
            left = [
                measure.benchmark
                for measure, found in zip(MEASURES[dataset], row.found, strict=True)
                if options.force or seed not in seeds(found)
            ]
            runs[row.point, seed] = StudyRun(row.point, seed, list(dict.fromkeys(left)))
    return list(runs.values())


def run_lines(runs: list[StudyRun], results: Results) -> Iterator[str]:
    """What would run, and how long each took the last time that it or another seed of it did."""
    known = []
    for run in runs:
        if not run.benchmarks:
            yield f'{run.name}: has its records'
            continue
        if run.by_hand:
            yield f'{run.name}: to be started by hand, as its config says'
            continue
        earlier = [] if run.point.untrained else results.of(run.point)
        for measure in MEASURES[run.point.dataset]:
            earlier += results.of(run.point, measure.benchmark)
        last = [r for r in earlier if r.seed == max(r.seed for r in earlier)]
        known += [sum(r.wall_time_s for r in last)] if last else []
        yield f'{run.name}: to run' + (f', {known[-1]:.0f} s on {last[0].date}' if last else '')
    todo = sum(bool(run.benchmarks) and not run.by_hand for run in runs)
    yield f'{todo} of {len(runs)} to run; {len(known)} of them took {sum(known):.0f} s before'
