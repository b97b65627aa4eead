"""Average precision as PASCAL VOC counts it."""

import numpy as np
from sklearn.metrics import precision_recall_curve

RULES = ('area', '11points')


def average_precision(scores: np.ndarray, positive: np.ndarray, rule: str = 'area') -> float:
    """Average precision of a ranking, from 0 to 1.

    The interpolated precision at recall r is the highest precision at any recall from r up.
    'area' is the area under that curve (VOC from 2010 on, VISSL, MMSelfSup), '11points' its mean
    at r = 0, 0.1, ..., 1 (VOC 2007 itself). Equal scores are one step of the curve, in whatever
    order they come.

    Args:
        scores: the higher, the more likely positive, shape (N,).
        positive: the truth, shape (N,), at least one True.
    """
    precision, recall, _ = precision_recall_curve(positive, scores)
    # From recall 1 down; scikit-learn adds the last point, at recall 0.
    highest = np.maximum.accumulate(precision[:-1])
    if rule == 'area':
        return float(-np.diff(recall) @ highest)
    return float(np.mean([highest[recall[:-1] >= i / 10][-1] for i in range(11)]))
