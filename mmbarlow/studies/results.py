"""The records that the studies are made from."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from mmbarlow.config import load_config
from mmbarlow.engine.pretraining import combined_scale
from mmbarlow.paths import RECORDS
from mmbarlow.studies.catalogue import Study, config_path
from mmbarlow.studies.points import PointName
from mmbarlow.zoo import records
from mmbarlow.zoo.records import Record
from mmbarlow.zoo.runs import values

# In the zoo's own folder each point would have a row on its page.
SHIPPED = (RECORDS, RECORDS / 'ablations')


class Measure(NamedTuple):
    """A column of the tables: a metric of a benchmark."""

    benchmark: str
    metric: str
    header: str


# By data set; the figures show the first one.
MEASURES = dict(
    digits=[
        Measure('fewlabel-knn_digits', 'top1_mean', 'kNN, 5 labels a class'),
        Measure('knn_digits', 'top1_k10', 'kNN, k = 10'),
        Measure('linear_digits', 'top1', 'linear'),
    ],
    cifar10=[
        Measure('knn_cifar10', 'top1_k200', 'kNN, k = 200'),
        Measure('linear_cifar10', 'top1', 'linear'),
    ],
    imagenet=[
        Measure('linear_imagenet', 'top1', 'linear'),
        Measure('knn_imagenet', 'top1_k10', 'kNN, k = 10'),
    ],
)
DATA = dict(digits='digits', cifar10='CIFAR-10', imagenet='ImageNet')  # in titles


@dataclass(frozen=True)
class Point:
    """A pretraining that is compared, or the network of its config before any training."""

    name: PointName | None  # in tables and figures; None: the untrained network
    config: str
    dataset: str

    @property
    def untrained(self) -> bool:
        return self.name is None

    def folder(self, work_dir: Path, seed: int) -> Path:
        return work_dir / ('untrained' if self.untrained else '') / self.config / f'seed{seed}'

    def scale(self, reduced: str | None) -> str:
        """The scale of its records, where `reduced` is what options reduce besides."""
        return combined_scale('full' if self.untrained else _own_scale(self.config), reduced)


def compared(study: Study, dataset: str) -> list[Point]:
    """The points in order, after the untrained network if the study has one."""
    names: dict[PointName | None, str] = {}
    if dataset in study.untrained:
        names[None] = study.untrained[dataset]
    return [Point(*named, dataset) for named in (names | study.points[dataset]).items()]


@cache
def _own_scale(config: str) -> str:
    return load_config(config_path(config)).default_hooks.export.get('scale', 'full')


class Results:
    """The shipped records and those in `work_dir`, which replace the former.

    Args:
        work_dir: the records are in NAME/records/ and NAME/seedS/records/.
        reduced: see `Point.scale`; records of another scale do not count.

    Raises:
        InputError: a record is not valid.
    """

    def __init__(self, work_dir: Path, reduced: str | None = None) -> None:
        self.work_dir = work_dir
        self.reduced = reduced
        self.shipped = [r for folder in SHIPPED for r in records.read_folder(folder)]

    def of(self, point: Point, benchmark: str | None = None) -> list[Record]:
        """Its records on a benchmark, or without one of its pretraining, by seed."""
        config, scale = benchmark or point.config, point.scale(self.reduced)
        folder = point.folder(self.work_dir, 0).parent
        folders = [folder, *sorted(folder.glob('seed*'))]
        own = [r for f in folders for r in records.read_folder(f / 'records')]
        found = {
            (r.seed, r.benchmark_seed): r
            for r in [*self.shipped, *own]
            if (r.pretrain_config, r.model == 'untrained') == (point.config, point.untrained)
            and (r.config, r.scale) == (config, scale)
        }
        return [found[key] for key in sorted(found)]

    def numbers(self, study: Study, measure: Measure, dataset: str) -> dict[PointName | None, list]:
        """The measured values of each point that has any, by seed; None: the untrained network."""
        found = {p.name: self.of(p, measure.benchmark) for p in compared(study, dataset)}
        return {name: values(same, measure.metric) for name, same in found.items() if same}

    def columns(self, point: Point) -> list[tuple[Measure, list[Record]]]:
        """Each measure of its data set with the records that have it."""
        return [(m, self.of(point, m.benchmark)) for m in MEASURES[point.dataset]]
