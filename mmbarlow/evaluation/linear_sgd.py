"""A linear classifier on more features than L-BFGS should hold twice in float32."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from mmbarlow.evaluation.features import Features
from mmbarlow.evaluation.linear import Classifier
from mmbarlow.progress import progress

BATCH = 1024


def sgd_scores(
    train: Features, test: Features, classes: int, C: float, epochs: int = 30, seed: int = 0
) -> Tensor:
    """Logits of the test images, (M, classes), of `sgd_classifier`."""
    return sgd_classifier(train, classes, C, epochs, seed)(test.features)


def sgd_classifier(
    train: Features, classes: int, C: float, epochs: int = 30, seed: int = 0
) -> Classifier:
    """A classifier for the problem that `LinearProbe` solves.

    The same standardized features and the same loss, divided by the number of images; minimized
    with batches of 1,024 by SGD with Nesterov momentum 0.9 at rate 0.1 that falls to 0 by a
    cosine, from zero. The features stay as they are, float16 too: batches alone are converted.

    Args:
        train: labels (N,), or marks (N, classes), each of which is then a problem of its own.
        classes: number of outputs.
        C: inverse strength of the L2 penalty, as in scikit-learn.
        epochs: passes over the train split.
        seed: of the order of the batches.
    """
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    normalize = _normalizer(train.features, device)
    loss_of = F.cross_entropy if train.labels.ndim == 1 else _binary_loss
    labels = train.labels if train.labels.ndim == 1 else train.labels.float()
    weight = torch.zeros(classes, train.features.shape[1], device=device, requires_grad=True)
    bias = torch.zeros(classes, device=device, requires_grad=True)
    penalized = dict(params=[weight], weight_decay=1 / (C * len(labels)))
    optimizer = torch.optim.SGD([penalized, dict(params=[bias])], 0.1, 0.9, nesterov=True)
    steps = epochs * -(-len(labels) // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    generator = torch.Generator().manual_seed(seed)
    for _ in progress(range(epochs), 'linear'):
        for index in torch.randperm(len(labels), generator=generator).split(BATCH):
            logits = F.linear(normalize(train.features[index]), weight, bias)
            optimizer.zero_grad()
            loss_of(logits, labels[index].to(device)).backward()
            optimizer.step()
            schedule.step()

    @torch.no_grad()
    def logits_of(features: Tensor) -> Tensor:
        parts = (F.linear(normalize(x), weight, bias).cpu() for x in features.split(BATCH))
        return torch.cat(list(parts))

    return logits_of


def _binary_loss(logits: Tensor, marks: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, marks, reduction='none').sum(1).mean()


def _normalizer(features: Tensor, device: str) -> Callable[[Tensor], Tensor]:
    """Standardizes batches with the mean and standard deviation of all `features`."""
    width = features.shape[1]
    mean, variance = torch.zeros(width).double(), torch.zeros(width).double()
    for x in features.split(BATCH):
        mean += x.double().sum(0) / len(features)
    for x in features.split(BATCH):
        variance += (x.double() - mean).square().sum(0) / (len(features) - 1)
    scale = torch.where(variance > 0, variance.sqrt(), 1).float().to(device)
    mean = mean.float().to(device)
    return lambda x: (x.to(device).float() - mean) / scale
