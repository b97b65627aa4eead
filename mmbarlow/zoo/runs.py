"""Records grouped into runs: the results of one model, pretrained one way, over all seeds."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import mean, stdev

from mmbarlow.errors import InputError
from mmbarlow.zoo import references
from mmbarlow.zoo.records import Record, file_name
from mmbarlow.zoo.schema import WITHOUT_CHECKPOINT

LABELS = {
    'barlowtwins': 'Barlow Twins',
    'mixed-barlowtwins': 'Mixed Barlow Twins',
    'amcl-barlowtwins': 'Adaptive multi-head Barlow Twins',
    'decur': 'DeCUR (two modalities)',
    'vicreg': 'VICReg',
    'hsic': 'HSIC',
    'wmse': 'W-MSE',
    'frossl': 'FroSSL',
    'vne': 'I-VNE+',
    'mec': 'MEC',
    'corinfomax': 'CorInfoMax',
    'mmcr': 'MMCR',
    'tico': 'TiCo',
    'sigreg': 'SIGReg (LeJEPA)',
    'simclr': 'SimCLR',
    'mocov2': 'MoCo v2',
    'byol': 'BYOL',
    'simsiam': 'SimSiam',
    'swav': 'SwAV without multi-crop',
    'supervised': 'Supervised',
    'untrained': 'Untrained network',
    'pixels': 'Raw pixels',
}
NOT_SELF_SUPERVISED = ('supervised', *WITHOUT_CHECKPOINT)


@dataclass(frozen=True)
class Run:
    """Records of one model, pretraining config and scale: no mean mixes full and reduced ones."""

    model: str
    pretrain_config: str | None
    scale: str
    records: list[Record]

    @property
    def label(self) -> str:
        return LABELS.get(self.model, self.model)

    @property
    def reduced(self) -> bool:
        return self.scale != 'full'

    def of(self, column: dict) -> list[Record]:
        """The records that a column of the page may show."""
        return [r for r in self.records if references.shows(column, vars(r))]

    def pretraining(self) -> list[Record]:
        return [r for r in self.records if r.task == 'pretrain']

    def marks(self, records: list[Record]) -> list[str]:
        """What to know of numbers from these records: several seeds or runs, a reduced scale, a
        config that is another one since."""
        counts = dict(seeds=len(seeds(records)), runs=len({r.benchmark_seed for r in records}))
        several = [f'{count} {noun}' for noun, count in counts.items() if count > 1]
        changed = any(r.recipe_changed for r in [*records, *self.pretraining()])
        return [*several, *['*reduced*'] * self.reduced, *['*recipe changed since*'] * changed]

    def matches(self, wanted: dict) -> bool:
        """Whether `wanted` has this model, and this pretraining config if it has any."""
        config = wanted.get('pretrain_config', self.pretrain_config)
        return (self.model, self.pretrain_config) == (wanted['model'], config)


def group(records: Iterable[Record]) -> list[Run]:
    """The runs, full ones first, then by name; their records by file name."""
    runs: dict[tuple, Run] = {}
    for r in sorted(records, key=file_name):
        key = (r.scale != 'full', r.model, r.pretrain_config or '', r.scale)
        runs.setdefault(key, Run(r.model, r.pretrain_config, r.scale, [])).records.append(r)
    return [runs[key] for key in sorted(runs)]


def values(records: Iterable[Record], metric: str) -> list[float]:
    """The metric of each record that has it.

    Raises:
        InputError: the records are of different benchmarks.
    """
    found = [r for r in records if metric in r.metrics]
    configs = sorted({r.config for r in found})
    if len(configs) > 1:
        raise InputError(
            f'{" and ".join(configs)} both give {metric} of {found[0].task} on '
            f"{found[0].dataset}: give the column a 'config' in mmbarlow/zoo/sections.json."
        )
    return [r.metrics[metric] for r in found]


def measured(records: list[Record], metric: str, form: str = '.1f') -> str | None:
    """Mean over the records with the metric, ± the sample deviation where they differ; or None.

    Args:
        records: of one run, one for each pair of the pretraining's seed and the benchmark's.
        metric: name in `Record.metrics`.
        form: format of the numbers; by default a digit after the point, as the papers print.

    Raises:
        InputError: see `values`.
    """
    if not (found := values(records, metric)):
        return None
    spread = f' ± {stdev(found):{form}}' if len(set(found)) > 1 else ''
    return f'{mean(found):{form}}{spread}'


def seeds(records: Iterable[Record]) -> list[int]:
    return sorted({r.seed for r in records})
