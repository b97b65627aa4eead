"""How well a score orders checkpoints or runs by their accuracy, and what a choice by it costs."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.stats import kendalltau, rankdata, spearmanr

Numbers = np.ndarray | list[float]
RESAMPLES = 500
SWEEP, DRAWS = 5, 400  # runs among which one is chosen, and how many such sweeps are drawn


def rank_correlations(scores: Numbers, values: Numbers) -> tuple[float, float]:
    """Spearman's rho and Kendall's tau-b; 0 where the scores are all alike, since they say nothing,
    NaN where the values are: then there is nothing to be said."""
    if len(set(values)) < 2:
        return float('nan'), float('nan')
    if len(set(scores)) < 2:
        return 0.0, 0.0
    ranks = rankdata(scores)  # -inf has a rank, and no distance
    rho: Any = spearmanr(ranks, values)
    tau: Any = kendalltau(ranks, values)
    return float(rho.statistic), float(tau.statistic)


def choice_regret(scores: Numbers, values: Numbers) -> float:
    """The best of the values minus that of the highest score; of several, the mean."""
    return float(_regrets(np.asarray([scores], float), np.asarray([values], float))[0])


def sweep_regrets(scores: Numbers, values: Numbers, seed: int = 0) -> np.ndarray:
    """`choice_regret` of sweeps of five runs, drawn from all of them, (400,)."""
    s, v = np.asarray(scores, float), np.asarray(values, float)
    order = np.random.default_rng(seed).random((DRAWS, len(s))).argsort(1)[:, :SWEEP]
    return _regrets(s[order], v[order])


def _regrets(scores: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Of each row of (rows, choices)."""
    chosen = scores == scores.max(1, keepdims=True)
    return values.max(1) - (values * chosen).sum(1) / chosen.sum(1)


def interval(
    count: int, statistic: Callable[[np.ndarray], float], resamples: int = RESAMPLES
) -> tuple[float, float]:
    """The middle 95 % of a statistic of runs drawn with replacement: percentile bootstrap.

    Args:
        count: of the runs.
        statistic: of the indices of the drawn ones, (count,); NaN is left out.
    """
    rng = np.random.default_rng(0)
    found = [statistic(rng.integers(count, size=count)) for _ in range(resamples)]
    low, high = np.nanpercentile(found, [2.5, 97.5])
    return float(low), float(high)
