"""What a study lacks: a pretraining and its benchmarks for each point and seed."""

from collections.abc import Iterator
from dataclasses import dataclass

from mmbarlow.benchmarks.jobs import SuiteOptions
from mmbarlow.studies.catalogue import comparisons
from mmbarlow.studies.results import Point, Results, compared
from mmbarlow.zoo.runs import seeds


@dataclass(frozen=True)
class StudyOptions(SuiteOptions):
    """How studies are run; the seeds are those of the pretraining."""

    train_options: dict | None = None  # changes to the config of each pretraining
    scale: str | None = None  # what the options reduce, in a sentence


@dataclass(frozen=True)
class StudyRun:
    """A point with one seed."""

    point: Point
    seed: int
    benchmarks: list[str]  # those without a record

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
    runs = {}  # by name, since the recipe is a point of several studies
    for _, study, dataset in comparisons(names, datasets):
        for point in compared(study, dataset):
            done = {m.benchmark: seeds(same) for m, same in results.columns(point)}
            for seed in range(options.seeds):
                left = [name for name in done if options.force or seed not in done[name]]
                run = StudyRun(point, seed, left)
                runs[run.name] = run
    return list(runs.values())


def run_lines(runs: list[StudyRun], results: Results) -> Iterator[str]:
    """What would run, and how long each took the last time that it or another seed of it did."""
    todo, known = 0, []
    for run in runs:
        if not run.benchmarks:
            yield f'{run.name}: has its records'
        elif run.by_hand:
            yield f'{run.name}: to be started by hand, as its config says'
        else:
            earlier = [] if run.point.untrained else results.of(run.point)
            earlier += [r for _, same in results.columns(run.point) for r in same]
            last = [r for r in earlier if r.seed == max(r.seed for r in earlier)]
            todo += 1
            known += [sum(r.wall_time_s for r in last)] if last else []
            yield f'{run.name}: to run' + (f', {known[-1]:.0f} s on {last[0].date}' if last else '')
    yield f'{todo} of {len(runs)} to run; {len(known)} of them took {sum(known):.0f} s before'
