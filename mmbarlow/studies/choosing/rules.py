"""The rules by which a checkpoint or a run can be chosen, each a number of a record."""

from collections.abc import Callable
from typing import NamedTuple

Line = dict  # a checkpoint: what `MeasuringHook` has written of it


class Rule(NamedTuple):
    """A rule that takes the checkpoint with the highest `score`.

    title: what tables call it.
    axis: of its value, with the unit; the value is what figures show.
    value: of a checkpoint; None where it could not be measured.
    score: of a value.
    """

    title: str
    axis: str
    value: Callable[[Line], float | None]
    score: Callable[[float], float] = lambda value: value


def _negative(value: float) -> float:
    return -value


def _near_1(value: float) -> float:
    return -abs(value - 1)


def _loss(line: Line) -> float:
    return line['invariance'] + line['lambd'] * line['off_energy']


def _rms(energy: float, dimensions: int) -> float:
    return (energy / (dimensions * (dimensions - 1))) ** 0.5


RULES = dict(
    rankme=Rule(
        'RankMe, embeddings', 'RankMe of the embeddings (directions)', lambda x: x['rankme']
    ),
    backbone_rankme=Rule(
        'RankMe, representations',
        'RankMe of the representations (directions)',
        lambda x: x['backbone_rankme'],
    ),
    lidar=Rule('LiDAR, embeddings', 'LiDAR of the embeddings (directions)', lambda x: x['lidar']),
    backbone_lidar=Rule(
        'LiDAR, representations',
        'LiDAR of the representations (directions)',
        lambda x: x['backbone_lidar'],
    ),
    alpha=Rule(
        'alpha nearest to 1, embeddings',
        'alpha of the embeddings (exponent)',
        lambda x: x['alpha'],
        _near_1,
    ),
    backbone_alpha=Rule(
        'alpha nearest to 1, representations',
        'alpha of the representations (exponent)',
        lambda x: x['backbone_alpha'],
        _near_1,
    ),
    loss_over_floor=Rule(
        'loss over its floor, for each dimension',
        '(loss - floor) / dimensions (dimensionless)',
        lambda x: (_loss(x) - x['floor']) / x['dimensions'],
        _negative,
    ),
    invariance=Rule(
        'invariance term, for each dimension',
        'mean of (1 - C_ii)^2 (dimensionless)',
        lambda x: x['invariance'] / x['dimensions'],
        _negative,
    ),
    off_diagonal=Rule(
        'off-diagonal rms, embeddings',
        'rms of C off the diagonal, embeddings (dimensionless)',
        lambda x: _rms(x['off_energy'], x['dimensions']),
        _negative,
    ),
    backbone_off_diagonal=Rule(
        'off-diagonal rms, representations',
        'rms of C off the diagonal, representations (dimensionless)',
        lambda x: _rms(x['backbone_off_energy'], x['backbone_dimensions']),
        _negative,
    ),
    train_loss=Rule(
        'lowest training loss',
        'training loss (dimensionless)',
        lambda x: x['train_loss'],
        _negative,
    ),
    last=Rule('last checkpoint', 'epoch', lambda x: x['epoch']),
)
SHOWN = ('rankme', 'lidar', 'alpha', 'loss_over_floor')  # in the figures
OF_A_RUN = [name for name in RULES if name != 'last']  # that say something between runs


def scores_of(rule: Rule, lines: list[Line]) -> list[float]:
    """The score of each checkpoint; -inf where it has no value."""
    values = [rule.value(line) for line in lines]
    return [-float('inf') if v is None else rule.score(v) for v in values]
