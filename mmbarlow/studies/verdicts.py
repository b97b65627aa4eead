"""Whether records bear a claim out: Welch's test of the differences between its points."""

from collections.abc import Sequence
from math import inf, sqrt
from statistics import mean, variance
from typing import NamedTuple

from scipy.special import stdtrit

LEVEL, SEEDS = 0.95, 3  # confidence of a statement; fewest seeds of a point
HOLDS, FAILS, OPEN = 'holds', 'does not hold', 'within the error'
UNKNOWN = 'too few seeds'
PERCENT = f'{100 * LEVEL:.0f} %'
RULE = f"""\
Below each table stand the differences of the means of the points that a finding is about, each with
its standard error and the degrees of freedom (df) of Welch's t-test. A finding that one point is
better than another **holds** where the {PERCENT} confidence interval of each of its differences is
above 0, and a finding that a change is small where each interval lies within so many points. It
**does not hold** where one of the intervals, now at {PERCENT} for all of them together
(Bonferroni), lies wholly on the other side. In all other cases the difference is **within the
error** of the seeds. With fewer than {SEEDS} seeds of a point there is no statement.
"""


class Difference(NamedTuple):
    """Of two means over seeds."""

    mean: float
    error: float  # its standard error
    freedom: float  # degrees of freedom, after Welch and Satterthwaite

    def half(self, level: float) -> float:
        """Half the width of the two-sided confidence interval."""
        return self.error * stdtrit(self.freedom, (1 + level) / 2) if self.error else 0.0

    def __str__(self) -> str:
        freedom = '–' if self.freedom == inf else f'{self.freedom:.1f}'
        return f'{self.mean:+.1f} ± {self.error:.1f}, df {freedom}'


def welch_difference(first: Sequence[float], second: Sequence[float]) -> Difference | None:
    """Of the mean of `first` over that of `second`; None with fewer than 3 values in one of them.

    The variances need not be equal (Welch, Biometrika 1947).
    """
    if min(len(first), len(second)) < SEEDS:
        return None
    parts = [(variance(x) / len(x), len(x) - 1) for x in (first, second)]
    total = sum(part for part, _ in parts)
    below = sum(part**2 / n for part, n in parts)
    return Difference(mean(first) - mean(second), sqrt(total), total**2 / below if below else inf)


def decide(differences: Sequence[Difference | None], within: float | None = None) -> str:
    """What the differences say together.

    It holds if each of them does: its interval at 95 % is above 0, or inside ± `within`. It does
    not if one is the other way, below 0 or outside ± `within`, at 95 % for all of them together
    (Bonferroni). Otherwise the seeds leave it open.
    """
    known = [d for d in differences if d]
    if len(known) < len(differences):
        return UNKNOWN
    strict = 1 - (1 - LEVEL) / len(known)
    if within is None:
        holds = all(d.mean > d.half(LEVEL) for d in known)
        fails = any(d.mean < -d.half(strict) for d in known)
    else:
        holds = all(abs(d.mean) + d.half(LEVEL) < within for d in known)
        fails = any(abs(d.mean) - d.half(strict) > within for d in known)
    return HOLDS if holds else FAILS if fails else OPEN
