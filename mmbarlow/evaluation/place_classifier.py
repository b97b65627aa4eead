"""A linear classifier of the places of images, fitted to the classes of their pixels."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

PENALTIES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
HELD_OUT = 0.1  # of the images, which choose among them
TRIED_ON = 20_000  # places for the choice
FITTED = 200_000  # places at most for the result
ITERATIONS = 200  # of L-BFGS; a few dozen are usual
CHUNK = 65_536  # places that are in float32 together


class Places(NamedTuple):
    """Places of training images.

    features: (M, C), of any float type. shares: what part of a place each class has, (M, K); the
    rows sum to 1. weights: how much of a place counts, (M,). images: the image of each, (M,).
    """

    features: Tensor
    shares: Tensor
    weights: Tensor
    images: Tensor

    def chosen(self, index: Tensor) -> 'Places':
        return Places(*(column[index] for column in self))


class PlaceClassifier(NamedTuple):
    """weight (C, K) and bias (K,) of features as they are; the penalty that was chosen."""

    weight: Tensor
    bias: Tensor
    penalty: float

    def __call__(self, features: Tensor) -> Tensor:
        """Logits (..., K) of features (..., C)."""
        return features.float() @ self.weight + self.bias


def place_classifier(places: Places, seed: int = 0) -> PlaceClassifier:
    """The linear classifier whose penalty is best on held-out images.

    It minimizes the mean over the places of the cross entropy with their shares, plus penalty / 2
    times |w|^2 of standardized features, by L-BFGS from zero: a convex problem, without a rate or a
    schedule. A place with 30 % of one class and 70 % of another adds what its pixels would if each
    got the logits of its place, so that this is the linear segmentation of a map that is enlarged
    by repeating. A tenth of the images is held out; the penalty with the least cross entropy there
    is taken for all, and with a single image the middle one. At most `FITTED` places are used,
    drawn by the seed.
    """
    rng = torch.Generator().manual_seed(seed)
    out, penalty = held_out(places.images, seed), PENALTIES[len(PENALTIES) // 2]
    if out.any():
        few = [_drawn(places.chosen(part), TRIED_ON, rng) for part in (~out, out)]
        losses = {p: cross_entropy(fit_places(few[0], p), few[1]).item() for p in PENALTIES}
        penalty = min(losses, key=lambda p: losses[p])
    return fit_places(_drawn(places, FITTED, rng), penalty)


def held_out(images: Tensor, seed: int) -> Tensor:
    """Which places are of the tenth of the images that is held out, (M,); none of a single one.

    Args:
        images: of each place, (M,).
    """
    kinds = images.unique()
    order = kinds[torch.randperm(len(kinds), generator=torch.Generator().manual_seed(seed))]
    count = max(1, round(HELD_OUT * len(kinds))) if len(kinds) > 1 else 0
    return torch.isin(images, order[:count])


def _drawn(places: Places, most: int, rng: torch.Generator) -> Places:
    count = len(places.weights)
    if count <= most:
        return places
    return places.chosen(torch.randperm(count, generator=rng)[:most].sort().values)


def fit_places(places: Places, penalty: float) -> PlaceClassifier:
    """The one minimum for a penalty above 0."""
    scale, mean = torch.std_mean(places.features.float(), 0)
    scale[scale == 0] = 1  # a dimension that never changes then gets the weight 0
    channels, classes = places.features.shape[1], places.shares.shape[1]
    weight = torch.zeros(channels, classes, requires_grad=True)
    bias = torch.zeros(classes, requires_grad=True)
    total = places.weights.double().sum().item()
    optimizer = torch.optim.LBFGS(
        [weight, bias], max_iter=ITERATIONS, tolerance_grad=1e-6, line_search_fn='strong_wolfe'
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = penalty / 2 * weight.square().sum()
        loss.backward()
        value = loss.detach()
        for x, shares, counts in zip(*(p.split(CHUNK) for p in places[:3]), strict=True):
            part = F.cross_entropy((x - mean) / scale @ weight + bias, shares, reduction='none')
            part = (part * counts).sum() / total
            part.backward()
            value = value + part.detach()
        return value

    optimizer.step(closure)  # pyright: ignore[reportArgumentType]
    with torch.no_grad():
        own = weight / scale[:, None]
        return PlaceClassifier(own, bias - mean @ own, penalty)


def cross_entropy(classifier: PlaceClassifier, places: Places) -> Tensor:
    """The weighted mean over the places, ()."""
    losses = [
        F.cross_entropy(classifier(x), shares, reduction='none') * counts
        for x, shares, counts in zip(*(part.split(CHUNK) for part in places[:3]), strict=True)
    ]
    return torch.cat(losses).double().sum() / places.weights.double().sum()
