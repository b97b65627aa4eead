"""What was measured for a card, written down as it comes: metrics, records, seconds."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from torch import Tensor

from mmbarlow.benchmarks.card.data import CardData
from mmbarlow.benchmarks.labeled_task import write_record
from mmbarlow.benchmarks.network import Network
from mmbarlow.engine.pretraining import combined_scale
from mmbarlow.evaluation.calibration import Reliability

BF16 = 'Features in bfloat16.'
Moment = tuple[float, float]


@dataclass
class Card:
    """What was measured. By title of the network and by row, such as 'fewshot-4', the metrics.

    seconds: wall and CPU of each part, all networks together. left_out: rows that were not
    measured, with the reasons. notes: what else a reader must know.
    """

    networks: dict[str, Network]
    records: Path  # folder
    data: CardData
    labels: Tensor  # of the test images
    train_images: int
    corruptions: Sequence[str]
    metrics: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    costs: dict[str, float] = field(default_factory=dict)  # of the logistic regressions
    reliability: dict[str, Reliability] = field(default_factory=dict)
    corrupted: dict[str, Tensor] = field(default_factory=dict)  # (corruptions, severities)
    seconds: dict[str, tuple[float, float]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    def keep(
        self, title: str, row: str, metrics: dict, start: Moment, reduced: str | None = None
    ) -> None:
        """Write down the result of a row and its seconds.

        Args:
            title: of the network.
            row: such as 'knn' or 'fewshot-4'.
            metrics: by name.
            start: `now` before it was measured.
            reduced: a sentence on what was reduced.

        Raises:
            InputError: the record cannot be written.
        """
        self.record(title, row, metrics, self.spend(row.split('-')[0], start), reduced)

    def record(self, title: str, row: str, metrics: dict, wall: float, reduced: str | None) -> None:
        """`keep` for a result whose seconds are counted already."""
        self.metrics[title][row] = metrics
        network = self.networks[title]
        scale = network.about['scale']
        for sentence in filter(None, [BF16 if 'features' in self.notes else None, reduced]):
            scale = combined_scale(scale, sentence)
        about = replace(network, about=network.about | dict(scale=scale))
        write_record(self.records, about, self.data, row, metrics, wall)

    def spend(self, part: str, start: Moment) -> float:
        """Count the seconds since `start`; returns those of the wall clock."""
        wall, cpu = (later - then for later, then in zip(now(), start, strict=True))
        before = self.seconds.get(part, (0.0, 0.0))
        self.seconds[part] = before[0] + wall, before[1] + cpu
        return wall


def now() -> Moment:
    """Wall clock, and CPU seconds of this process and of children that have ended."""
    return time.perf_counter(), sum(os.times()[:4])
