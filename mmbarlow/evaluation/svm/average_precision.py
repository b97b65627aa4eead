"""Average precision as PASCAL VOC counts it."""

import numpy as np
from sklearn.metrics import precision_recall_curve

RULES = ('area', '11points')


def average_precision(scores: np.ndarray, positive: np.ndarray, rule: str = 'area') -> float:
    """Average precision of a ranking, from 0 to 1.

    The interpolated precision at recall r is the highest precision at any recall from r up.
    'area' is the area under that curve (VOC from 2010 on, VISSL, MMSelfSup), '11points' its mean
    at r = 0, 0.1, ..., 1 (VOC 2007 itself). Equal scores are one step of the curve, whatever
    order they stand in.

    Args:
        scores: higher for what is more likely positive, shape (N,).
        positive: the truth, shape (N,), at least one.
    """
    precision, recall, _ = precision_recall_curve(positive, scores)
    # From recall 1 down; the last point is scikit-learn's own, at recall 0.
    highest = np.maximum.accumulate(precision[:-1])
    if rule == 'area':
        return float(-np.diff(recall) @ highest)
    return float(np.mean([highest[recall[:-1] >= i / 10][-1] for i in range(11)]))
