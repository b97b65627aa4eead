"""Top-1 and Top-5 of ranked predictions."""

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
