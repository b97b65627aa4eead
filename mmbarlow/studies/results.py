"""The records that the studies are made from, and the table of each study."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmbarlow.benchmarks.network import combined
from mmbarlow.config import load_config
from mmbarlow.studies import catalogue as studies
from mmbarlow.studies.catalogue import Key, Study
from mmbarlow.zoo import records
from mmbarlow.zoo.notes import table
from mmbarlow.zoo.records import Record
from mmbarlow.zoo.runs import measured, seeds

ZOO = Path(records.__file__).parent / 'records'
# Beside those of the model zoo, whose page would grow by a row for each point.
ABLATIONS = ZOO / 'ablations'


@dataclass(frozen=True)
class Trained:
    """What a point stands for: a training, or with `untrained` its network before it."""

    config: str
    dataset: str
    untrained: bool = False

    def folder(self, work_dir: Path, seed: int) -> Path:
        kind = [work_dir, 'untrained'] if self.untrained else [work_dir]
        return Path(*kind, self.config, f'seed{seed}')

    def scale(self, reduced: str | None) -> str:
        """What its records say of its scale, where `reduced` is what options reduce besides."""
        if self.untrained:
            return reduced or 'full'
        hooks = load_config(studies.path(self.config)).custom_hooks
        (own,) = [h.get('scale', 'full') for h in hooks if h.type == 'mmbarlow.ExportHook']
        return combined(own, reduced)


class Results:
    """The records of the zoo and of `work_dir`; those of the latter replace the former's.

    Args:
        work_dir: has work_dirs/NAME/records/ and work_dirs/NAME/seedS/records/.
        reduced: see `Trained.scale`; records of another scale do not count.

    Raises:
        InputError: a record is not valid.
    """

    def __init__(self, work_dir: Path, reduced: str | None = None) -> None:
        self.work_dir = work_dir
        self.reduced = reduced
        self.scales: dict[Trained, str] = {}
        self.zoo = [r for folder in (ZOO, ABLATIONS) for r in records.read_folder(folder)]

    def scale(self, trained: Trained) -> str:
        if trained not in self.scales:
            self.scales[trained] = trained.scale(self.reduced)
        return self.scales[trained]

    def of(self, trained: Trained, benchmark: str | None = None) -> list[Record]:
        """Its records on a benchmark, or of its training, by seed."""
        config, scale = benchmark or trained.config, self.scale(trained)
        found = {
            (r.seed, r.benchmark_seed): r
            for r in [*self.zoo, *self._own(trained)]
            if (r.pretrain_config, r.model == 'untrained') == (trained.config, trained.untrained)
            and r.config == config
            and r.scale == scale
        }
        return [found[key] for key in sorted(found)]

    def _own(self, trained: Trained) -> Iterator[Record]:
        folder = trained.folder(self.work_dir, 0).parent
        for own in (folder, *sorted(folder.glob('seed*'))):
            yield from records.read_folder(own / 'records')


@dataclass(frozen=True)
class Row:
    """A point with what was measured of it: a list of records for each of the data set's columns.

    key: the point, None for the network before any training.
    """

    key: Key | None
    trained: Trained
    found: list[list[Record]]


def rows(study: Study, dataset: str, results: Results) -> list[Row]:
    """The points in order, and before them the untrained network where there is one."""
    points: list[tuple[Key | None, Trained]] = []
    if dataset in study.untrained:
        points.append((None, Trained(study.untrained[dataset], dataset, untrained=True)))
    points += [(key, Trained(name, dataset)) for key, name in study.points[dataset].items()]
    columns = studies.MEASURES[dataset]
    return [Row(key, t, [results.of(t, c.benchmark) for c in columns]) for key, t in points]


def write_table(study: Study, dataset: str, found: Sequence[Row]) -> str:
    """The study in Markdown: mean ± sample deviation over the seeds, and what is published."""
    columns = studies.MEASURES[dataset]
    header = [study.axis, *(c.header for c in columns), 'seeds', 'published, ImageNet', 'config']
    lines = []
    for row in found:
        cells = [
            measured(records, column.metric) or 'not run here'
            for column, records in zip(columns, row.found, strict=True)
        ]
        published = study.published.get(row.key) if row.key is not None else None
        lines.append(
            [
                *('untrained' if row.key is None else f'{row.key}', *cells),
                str(len(seeds(row.found[0]))),
                '–' if published is None else f'{published}',
                f'`{row.trained.config}`',
            ]
        )
    text = f'Published: {study.source}.'
    return f'## {study.title}, {dataset}\n\n{table(header, lines)}\n{text} {_facts(found)}\n'


def _facts(found: Sequence[Row]) -> str:
    """Scale, dates and hardware of what was measured."""
    used = [r for row in found if row.key is not None for cell in row.found for r in cell]
    if not used:
        return ''
    facts = [
        f'Scale: {_listed(r.scale for r in used)}',
        _listed(r.date for r in used),
        _listed(r.hardware for r in used),
        f'commit {_listed(r.commit[:12] for r in used)}',
    ]
    return f'Measured: {"; ".join(facts)}.'


def _listed(texts: Iterable[str]) -> str:
    return ', '.join(sorted(set(texts)))
