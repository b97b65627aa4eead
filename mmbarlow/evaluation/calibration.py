"""Does a classifier know how sure it can be?"""

from typing import NamedTuple

import torch
from torch import Tensor

BINS = 15  # Guo et al. (2017)


class Reliability(NamedTuple):
    """Of each of `BINS` equal bins of confidence, (BINS,) each, float64; 0 where it is empty.

    confidence: the mean probability of the answers. accuracy: the share that is right. share: of
    all images that are in the bin.
    """

    confidence: Tensor
    accuracy: Tensor
    share: Tensor


def calibration(logits: Tensor, labels: Tensor) -> tuple[dict[str, float], Reliability]:
    """How well probabilities say how often a classifier is right.

    - `ece`, in percent: the expected calibration error, sum over the bins of share x |accuracy -
      confidence| (Guo et al., 2017, with 15 bins of equal width).
    - `brier`: the mean over images of sum over classes of (probability - 1 or 0)^2, from 0 to 2.
    - `loss_nll`: the mean of -log of the true class's probability, in nats.

    Args:
        logits: (M, classes); probabilities are their softmax, in float64.
        labels: (M,).
    """
    p = logits.double().softmax(1)
    confidence, answer = p.max(1)
    right = (answer == labels).double()
    bins = (confidence * BINS).ceil().long().clamp(1, BINS) - 1  # (0, 1/15], (1/15, 2/15], ...
    counts = bins.bincount(minlength=BINS).double()
    sure, hits = (bins.bincount(x, minlength=BINS) for x in (confidence, right))
    some = counts.clamp_min(1)
    found = Reliability(sure / some, hits / some, counts / len(labels))
    true = torch.nn.functional.one_hot(labels, p.shape[1])
    of_truth = p.gather(1, labels[:, None]).clamp_min(torch.finfo(p.dtype).tiny)
    gaps = found.share * (found.accuracy - found.confidence).abs()
    metrics = dict(
        ece=100 * gaps.sum().item(),
        brier=(p - true).square().sum(1).mean().item(),
        loss_nll=-of_truth.log().mean().item(),
    )
    return metrics, found
