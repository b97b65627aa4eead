"""Top-1 and Top-5 of ranked predictions, over all images and as the mean over classes."""

import torch
from torch import Tensor


def accuracy(ranked: Tensor, labels: Tensor, classes: int) -> dict[str, float]:
    """The percentage of samples whose label is first, or among the first five.

    Args:
        ranked: predicted classes, the best first, shape (N, 5) or more, or as many as there are
            classes; -1 stands for no class.
        labels: true classes, shape (N,).
        classes: with five or fewer, Top-5 says nothing and is left out.
    """
    hits = ranked == labels[:, None]
    result = dict(top1=hits[:, 0])
    if classes > 5:
        result['top5'] = hits[:, :5].any(dim=1)
    return {name: 100 * hit.double().mean().item() for name, hit in result.items()}


def confusion(predicted: Tensor, labels: Tensor, classes: int) -> Tensor:
    """Counts of images by true class (row) and predicted class (column), (classes, classes).

    Args:
        predicted, labels: (N,), from 0.
        classes: how many there are.
    """
    pairs = labels * classes + predicted
    return pairs.bincount(minlength=classes**2).view(classes, classes)


def both_accuracies(predicted: Tensor, labels: Tensor, classes: int) -> dict[str, float]:
    """`top1` over all images, and `top1_per_class`: the mean of the accuracies on the images of
    each class, of those that have some. In percent.

    Where one class has most images, a network that always answers with it has a high `top1`, and
    1 / classes as the mean. The mean is scikit-learn's `balanced_accuracy_score`.
    """
    counts = confusion(predicted, labels, classes).double()
    hits, images = counts.diagonal(), counts.sum(1)
    there = images > 0
    return dict(
        top1=100 * (hits.sum() / images.sum()).item(),
        top1_per_class=100 * torch.mean(hits[there] / images[there]).item(),
    )
