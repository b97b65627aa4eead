"""Average precision, by hand and by other means."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from mmbarlow.evaluation.svm.average_precision import average_precision

# A ranking with positives at 1, 3 and 6: precision 1, 2/3 and 1/2 at recall 1/3, 2/3 and 1.
SCORES = np.array([6.0, 5.0, 4.0, 3.0, 2.0, 1.0])
POSITIVE = np.array([True, False, True, False, False, True])


def test_the_area_by_hand():
    assert average_precision(SCORES, POSITIVE) == pytest.approx((1 + 2 / 3 + 1 / 2) / 3)


def test_eleven_points_by_hand():
    # 0 to 0.3 see precision 1, 0.4 to 0.6 see 2/3, 0.7 to 1 see 1/2.
    expected = (4 * 1 + 3 * 2 / 3 + 4 / 2) / 11
    assert average_precision(SCORES, POSITIVE, '11points') == pytest.approx(expected)


def test_a_recall_that_is_met_exactly_counts():
    positive = np.array([1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1], bool)  # recall 0.3 at the third
    precision = [1] * 4 + [10 / 13] * 7
    assert average_precision(-np.arange(13.0), positive, '11points') == pytest.approx(
        np.mean(precision)
    )


def test_interpolation_lifts_a_precision_to_the_best_at_a_higher_recall():
    positive = np.array([False, True, True])  # precision 1/2, then 2/3
    assert average_precision(np.array([3.0, 2, 1]), positive) == pytest.approx(2 / 3)
    assert average_precision_score(positive, [3.0, 2, 1]) == pytest.approx(7 / 12)


def test_the_area_is_never_below_scikit_learns_and_equal_where_precision_falls():
    rng = np.random.default_rng(0)
    for _ in range(20):
        positive, scores = rng.random(60) < 0.3, rng.standard_normal(60)
        plain = average_precision_score(positive, scores)
        assert plain - 1e-12 <= average_precision(scores, positive) < plain + 0.1
    falls = np.arange(60) < 9
    assert average_precision(-np.arange(60.0), falls) == pytest.approx(1.0)
    assert average_precision_score(falls, -np.arange(60.0)) == pytest.approx(1.0)


def test_equal_scores_do_not_depend_on_their_order():
    scores, positive = np.array([1.0, 1, 1, 0]), np.array([True, False, False, True])
    for order in ([0, 1, 2, 3], [2, 1, 0, 3], [1, 0, 3, 2]):
        assert average_precision(scores[order], positive[order]) == pytest.approx(0.5)
