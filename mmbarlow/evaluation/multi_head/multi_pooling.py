"""Feature maps of very different sizes, pooled to about 9,000 numbers each."""

from collections.abc import Sequence
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from mmbarlow.errors import InputError
from mmbarlow.evaluation.multi_head.multi_linear_head import HEADS
from mmbarlow.registry import MODELS


class Level(NamedTuple):
    """How a map of the published size is pooled; lengths in pixels of the map."""

    size: int
    kernel: int
    stride: int
    padding: int
    grid: int  # cells a side of the result


# MMSelfSup 0.x, `multi_pooling.py`: stem and stages of a ResNet-50 at 224 px
LEVELS = (
    Level(size=112, kernel=10, stride=10, padding=4, grid=12),
    Level(size=56, kernel=16, stride=8, padding=0, grid=6),
    Level(size=28, kernel=13, stride=5, padding=0, grid=4),
    Level(size=14, kernel=8, stride=3, padding=0, grid=3),
    Level(size=7, kernel=6, stride=1, padding=0, grid=2),
)


@MODELS.register_module()
class MultiPooling(nn.Module):
    """The stem and four stages of a ResNet, averaged to grids, and the global average.

    Feature1 to Feature5 become 12, 6, 4, 3 and 2 cells a side (9216, 9216, 8192, 9216 and 8192
    numbers for a ResNet-50), AvgPool one. The published windows are for images of 224 px; maps of
    other sizes are averaged adaptively to the same grids, or stay as they are where they are
    smaller.

    Args:
        names: which of them, in the order of `HEADS`; by default all six.

    Raises:
        InputError: a name is none of `HEADS`.
    """

    def __init__(self, names: Sequence[str] = HEADS) -> None:
        super().__init__()
        if unknown := sorted(set(names) - set(HEADS)):
            raise InputError(f'MultiPooling has no {unknown[0]!r}: take {", ".join(HEADS)}.')
        self.names = tuple(names)

    def forward(self, maps: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Five maps (n, C, H, W) to one (n, C, grid, grid) for each name.

        Raises:
            InputError: there are not five maps.
        """
        if len(maps) != len(LEVELS):
            raise InputError(
                f'MultiPooling takes the {len(LEVELS)} maps of mmbarlow.StemResNet with four '
                f'stages, got {len(maps)}.'
            )
        pooled = [average_to_grid(x, level) for x, level in zip(maps, LEVELS, strict=True)]
        pooled.append(F.adaptive_avg_pool2d(maps[-1], 1))
        return tuple(pooled[HEADS.index(name)] for name in self.names)


def average_to_grid(x: Tensor, level: Level) -> Tensor:
    if tuple(x.shape[-2:]) == (level.size, level.size):
        return F.avg_pool2d(x, level.kernel, level.stride, level.padding)
    return F.adaptive_avg_pool2d(x, min(level.grid, *x.shape[-2:]))
