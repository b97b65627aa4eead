"""Verdicts from records that were made by hand, and Welch's test against SciPy's."""

from typing import Any

import pytest
from scipy import stats

from mmbarlow.studies.catalogue import STUDIES
from mmbarlow.studies.claims import CLAIMS
from mmbarlow.studies.verdicts import FAILS, HOLDS, OPEN, UNKNOWN, decide, welch_difference

HIGH, LOW, WIDE, FLAT = [80.0, 81.0, 82.0], [70.0, 71.0, 73.0, 72.0], [60.0, 70.0, 80.0], [50.0] * 3


@pytest.mark.parametrize(
    ('first', 'second'), [(HIGH, LOW), (LOW, WIDE), (WIDE, [50.0, 50.5, 51.0])]
)
@pytest.mark.parametrize('level', [0.95, 0.99])
def test_interval_and_degrees_of_freedom_are_those_of_scipy(first, second, level):
    own = welch_difference(first, second)
    theirs: Any = stats.ttest_ind(first, second, equal_var=False)
    interval = theirs.confidence_interval(level)
    assert own
    assert own.freedom == pytest.approx(theirs.df)
    assert own.mean / own.error == pytest.approx(theirs.statistic)
    assert own.mean - own.half(level) == pytest.approx(interval.low)
    assert own.mean + own.half(level) == pytest.approx(interval.high)


@pytest.mark.parametrize(
    ('pairs', 'within', 'says'),
    [
        ([(HIGH, LOW)], None, HOLDS),
        ([(LOW, HIGH)], None, FAILS),
        ([(LOW, WIDE)], None, OPEN),
        ([(HIGH, LOW), (LOW, WIDE)], None, OPEN),  # one alone is not the finding
        ([(HIGH, LOW), (LOW, HIGH)], None, FAILS),
        ([(FLAT, FLAT)], None, OPEN),  # equal to the last digit
        ([(HIGH, FLAT)], None, HOLDS),
        ([(HIGH, HIGH)], 3.0, HOLDS),  # the interval ends at 2.3
        ([(HIGH, HIGH)], 2.0, OPEN),
        ([(FLAT, FLAT)], 2.0, HOLDS),
        ([(HIGH, LOW)], 2.0, FAILS),
        ([(LOW, HIGH)], 2.0, FAILS),
        ([(LOW, WIDE)], 2.0, OPEN),
        ([(HIGH, LOW[:2])], None, UNKNOWN),
        ([(HIGH, LOW), ([80.0], HIGH)], None, UNKNOWN),
    ],
)
def test_the_verdict_is_that_of_the_intervals(pairs, within, says):
    assert decide([welch_difference(*pair) for pair in pairs], within) == says


def test_one_reversed_of_many_needs_a_wider_interval():
    """At 95 % one of five comparisons of equal points would be reversed every eighth time."""
    reversed_ = welch_difference([70.0, 71.0, 72.0], [72.4, 73.4, 74.4])  # p = 0.042
    better = welch_difference(HIGH, FLAT)
    assert decide([reversed_]) == FAILS
    assert decide([reversed_, *[better] * 4]) == OPEN


def test_every_claim_is_about_points_of_its_study():
    for name, claims in CLAIMS.items():
        study = STUDIES[name]
        known = {None, *(point for points in study.points.values() for point in points)}
        assert {point for claim in claims for pair in claim.pairs for point in pair} <= known
        for data in study.points:
            own = {None, *study.points[data]}
            assert any(own.issuperset(pair) for claim in claims for pair in claim.pairs), data
