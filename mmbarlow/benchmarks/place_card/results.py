"""What a card of masks or boxes measures, and what it has found."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

from matplotlib.axes import Axes
from torch import Tensor

SHOWN = 4  # test images in the figure


class PlaceTask(Protocol):
    """Images, and what linear layers on their places are to say of them.

    part: the row in records. rows: titles of the metrics by name, the main one first. classes:
    their names. `by_class` gives percentages, or nothing where there are means alone.
    """

    part: ClassVar[str]
    rows: ClassVar[dict[str, str]]

    @property
    def classes(self) -> tuple[str, ...]: ...
    @property
    def name(self) -> str: ...
    @property
    def seed(self) -> int: ...
    @property
    def paths(self) -> tuple[list[Path], list[Path]]: ...

    def fit(self, features: Tensor, numbers: list[int]) -> Any: ...
    def answer(self, fitted: Any, features: Tensor, number: int) -> Any: ...
    def score(self, answer: Any, number: int) -> Any: ...
    def metrics(self, scores: list) -> dict[str, float]: ...
    def by_class(self, scores: list) -> dict[str, float]: ...
    def is_empty(self, number: int) -> bool: ...
    def draw_truth(self, axes: Axes, number: int) -> None: ...
    def draw_answer(self, axes: Axes, answer: Any, number: int) -> None: ...


@dataclass
class PlaceCard:
    """What was measured, by title of the network.

    side: of the images, in pixels. grid: places in a row. used: training images.
    answers: to the test images with the numbers `shown`, the first `SHOWN` that are not empty.
    """

    task: PlaceTask
    side: int
    metrics: dict[str, dict[str, float]] = field(default_factory=dict)
    by_class: dict[str, dict[str, float]] = field(default_factory=dict)
    answers: dict[str, list] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    shown: list[int] = field(default_factory=list)
    grid: int = 0
    used: int = 0
