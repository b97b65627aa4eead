"""Linear segmentation of frozen features: shares of classes in places, and masks from logits."""

from dataclasses import dataclass
from math import isqrt
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
import torch
from matplotlib.axes import Axes
from PIL import Image
from sklearn.metrics import average_precision_score
from torch import Tensor
from torch.nn import functional as F

from mmbarlow.evaluation.accuracy import confusion
from mmbarlow.evaluation.place_classifier import PlaceClassifier, Places, place_classifier

IGNORED = 255


class Answer(NamedTuple):
    """A mask (H, W), and the probabilities of the classes in the places (g g, K)."""

    mask: Tensor
    probabilities: Tensor


class Score(NamedTuple):
    """Of a test image, pixels by their class and by that of the answer, (K, K); what the places
    were said to be and what they are, (g g, K); and how much of each counts, (g g,)."""

    counts: Tensor
    probabilities: Tensor
    shares: Tensor
    weights: Tensor


@dataclass(frozen=True)
class MaskTask:
    """Images with masks, as `mmbarlow.MaskFolder` reads them.

    train, test: an image and its mask each. classes: names, by the numbers in the masks.
    """

    name: str
    train: list[tuple[Path, Path]]
    test: list[tuple[Path, Path]]
    classes: tuple[str, ...]
    seed: int = 0

    part: ClassVar[str] = 'segmentation'
    rows: ClassVar[dict[str, str]] = dict(
        mIoU='IoU, mean of the classes',
        mAcc='right pixels, mean of the classes',
        aAcc='right pixels',
        place_AP='average precision of the places',
    )

    @property
    def paths(self) -> tuple[list[Path], list[Path]]:
        """The images of both splits."""
        return [image for image, _ in self.train], [image for image, _ in self.test]

    def fit(self, features: Tensor, numbers: list[int]) -> PlaceClassifier:
        """A softmax over the classes.

        Args:
            features: of training images, (n, g, g, C).
            numbers: of those images.
        """
        grid = features.shape[1]
        found = [
            shares_of(read_numbers(self.train[i][1]), grid, len(self.classes)) for i in numbers
        ]
        shares, weights = (torch.cat(part) for part in zip(*found, strict=True))
        images = torch.arange(len(numbers)).repeat_interleave(grid * grid)
        places = Places(features.flatten(0, 2), shares, weights, images)
        return place_classifier(places.chosen(weights > 0), self.seed)

    def answer(self, fitted: PlaceClassifier, features: Tensor, number: int) -> Answer:
        """For a test image, from its features (g, g, C)."""
        height, width = read_numbers(self.test[number][1]).shape
        logits = fitted(features)
        return Answer(mask_of(logits, (height, width)), logits.softmax(2).flatten(0, 1))

    def score(self, answer: Answer, number: int) -> Score:
        numbers = read_numbers(self.test[number][1])
        truth = torch.from_numpy(numbers).long()
        known = truth != IGNORED
        counts = confusion(answer.mask[known], truth[known], len(self.classes))
        grid = isqrt(len(answer.probabilities))
        shares, weights = shares_of(numbers, grid, len(self.classes))
        return Score(counts, answer.probabilities, shares, weights)

    def metrics(self, scores: list[Score]) -> dict[str, float]:
        """Percentages by the names of `rows`; classes that do not occur count in no mean."""
        right, union, true = self._counts(scores)
        _, *places = (torch.cat(part) for part in zip(*scores, strict=True))
        return dict(
            mIoU=100 * (right / union).nanmean().item(),
            mAcc=100 * (right / true).nanmean().item(),
            aAcc=100 * (right.sum() / true.sum()).item(),
            place_AP=100 * place_precision(*places),
        )

    def by_class(self, scores: list[Score]) -> dict[str, float]:
        """The IoU of each class in percent, NaN where it is neither there nor in an answer."""
        right, union, _ = self._counts(scores)
        return dict(zip(self.classes, (100 * right / union).tolist(), strict=True))

    def is_empty(self, number: int) -> bool:
        """Whether a test image has one class alone."""
        counts = np.bincount(read_numbers(self.test[number][1]).ravel(), minlength=256)
        return np.count_nonzero(counts[:IGNORED]) < 2

    def draw_truth(self, axes: Axes, number: int) -> None:
        _draw(axes, torch.from_numpy(read_numbers(self.test[number][1])), len(self.classes))

    def draw_answer(self, axes: Axes, answer: Answer, number: int) -> None:
        _draw(axes, answer.mask, len(self.classes))

    def _counts(self, scores: list[Score]) -> tuple[Tensor, Tensor, Tensor]:
        counts = torch.stack([score.counts for score in scores]).double().sum(0)
        right, true = counts.diagonal(), counts.sum(1)
        return right, true + counts.sum(0) - right, true


def read_numbers(mask: Path) -> np.ndarray:
    """The number of each pixel, (H, W), uint8."""
    with Image.open(mask) as image:
        return np.array(image, dtype=np.uint8)


def shares_of(mask: np.ndarray, grid: int, classes: int) -> tuple[Tensor, Tensor]:
    """Shares (g g, K) of the classes in the cells of a mask (H, W), and how much of each cell is
    not ignored, (g g,).

    A pixel is of the cell that its middle is in. A cell without a pixel has the weight 0.
    """
    rows, columns = (np.floor((np.arange(n) + 0.5) / n * grid).astype(int) for n in mask.shape)
    cells = rows[:, None] * grid + columns
    counts = np.bincount((cells * 256 + mask).ravel(), minlength=grid * grid * 256)
    counts = torch.from_numpy(counts.reshape(-1, 256)).double()
    known, pixels = counts[:, :classes].sum(1), counts.sum(1)
    shares = counts[:, :classes] / known.clamp(min=1)[:, None]
    return shares.float(), (known / pixels.clamp(min=1)).float()


def place_precision(probabilities: Tensor, shares: Tensor, weights: Tensor) -> float:
    """The average precision of each class over all places, the mean of the classes that occur.

    A place of which a class has 30 % counts as a right answer with 0.3 and as a wrong one with
    0.7. Unlike a mask it needs no threshold, so that it tells features apart that are too weak to
    call anything but background the likeliest class.

    Args:
        probabilities, shares: (M, K).
        weights: of the places, (M,).
    """
    found = []
    for says, is_there in zip(probabilities.T.numpy(), shares.T.numpy(), strict=True):
        if is_there.any():
            marks = np.repeat([1, 0], len(says))
            counts = np.concatenate([is_there, 1 - is_there]) * np.tile(weights.numpy(), 2)
            found.append(average_precision_score(marks, np.tile(says, 2), sample_weight=counts))
    return float(np.mean(found))


def mask_of(logits: Tensor, size: tuple[int, int]) -> Tensor:
    """The mask (H, W) of logits (g, g, K), enlarged bilinearly before the largest one wins."""
    maps = F.interpolate(logits.permute(2, 0, 1)[None], size, mode='bilinear')
    return maps[0].argmax(0)


def _draw(axes: Axes, mask: Tensor, classes: int) -> None:
    """A color for each number over the image, but for 0, often background, and what is ignored."""
    hidden = (mask == 0) | (mask >= classes)
    colors = np.ma.masked_array(mask.numpy(), hidden.numpy())
    axes.imshow(colors, cmap='turbo', vmin=0, vmax=classes - 1, alpha=0.6, interpolation='nearest')
