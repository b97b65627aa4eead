"""Linear detection from frozen features: each place says what is there, and where its box is."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor
from torch.nn import functional as F
from torchvision.ops import batched_nms

from mmbarlow.benchmarks.place_card.box_targets import box_targets, decoded, place_centers
from mmbarlow.evaluation.place_classifier import (
    PENALTIES,
    PlaceClassifier,
    Places,
    held_out,
    place_classifier,
)

CANDIDATES = 300  # boxes of an image before those that overlap are dropped
SUREST = 1e-3  # probability below which nothing is a candidate
OVERLAP = 0.5  # IoU from which the less sure one of two boxes of a class is dropped
MOST = 100  # boxes of an image, as COCO counts them


class BoxedImage(NamedTuple):
    """An image with its objects: boxes (n, 4), x1, y1, x2, y2 as parts of the image, labels (n,).

    size: width and height in pixels. crowds: boxes (m, 4) of what does not count.
    """

    path: Path
    id: int
    size: tuple[int, int]
    boxes: Tensor
    labels: Tensor
    crowds: Tensor


class Detections(NamedTuple):
    """Boxes (n, 4) x1, y1, x2, y2 in pixels, probabilities (n,) and labels (n,)."""

    boxes: Tensor
    scores: Tensor
    labels: Tensor


class Detector(NamedTuple):
    """Both linear layers."""

    classifier: PlaceClassifier
    regressor: Pipeline


@dataclass(frozen=True)
class BoxTask:
    """Images with boxes in COCO's format.

    classes: the names of those with a training object. file: of the test annotations.
    """

    name: str
    train: list[BoxedImage]
    test: list[BoxedImage]
    classes: tuple[str, ...]
    category_ids: tuple[int, ...]
    file: Path
    seed: int = 0

    part: ClassVar[str] = 'detection'
    rows: ClassVar[dict[str, str]] = dict(
        AP='mean over IoU 0.5 to 0.95', AP50='at IoU 0.5', AP75='at IoU 0.75'
    )

    @property
    def paths(self) -> tuple[list[Path], list[Path]]:
        """The images of both splits."""
        return [s.path for s in self.train], [s.path for s in self.test]

    def fit(self, features: Tensor, numbers: list[int]) -> Detector:
        """A softmax over the classes and background, and a ridge regression of the boxes.

        Args:
            features: of training images, (n, g, g, C).
            numbers: of those images.
        """
        grid, background = features.shape[1], len(self.classes)
        found = [
            box_targets(self.train[i].boxes, self.train[i].labels, grid, background)
            for i in numbers
        ]
        labels, boxes = (torch.cat(part) for part in zip(*found, strict=True))
        weights = torch.cat([_outside(self.train[i].crowds, grid) for i in numbers])
        images = torch.arange(len(numbers)).repeat_interleave(grid * grid)
        shares = F.one_hot(labels, background + 1).float()
        flat = features.flatten(0, 2)
        classifier = place_classifier(Places(flat, shares, weights, images), self.seed)
        own = labels < background
        return Detector(classifier, _box_regressor(flat[own], boxes[own], images[own], self.seed))

    def answer(self, fitted: Detector, features: Tensor, number: int) -> Detections:
        """Up to 100 boxes of a test image, from its features (g, g, C)."""
        flat, grid = features.flatten(0, 1), features.shape[0]
        scores = fitted.classifier(flat).softmax(1)[:, :-1]
        numbers = torch.from_numpy(fitted.regressor.predict(flat.float().numpy())).float()
        boxes = decoded(numbers, place_centers(grid), grid)
        best = scores.flatten().sort(descending=True, stable=True)
        kept = best.indices[: min(CANDIDATES, int((best.values > SUREST).sum()))]
        places, labels = kept // len(self.classes), kept % len(self.classes)
        found = boxes[places] * torch.tensor([*self.test[number].size] * 2)
        sure = scores.flatten()[kept]
        order = batched_nms(found, sure, labels, OVERLAP)[:MOST]
        return Detections(found[order], sure[order], labels[order])

    def score(self, answer: Detections, number: int) -> dict[str, Any]:
        """A test image as mmdet's metric takes it."""
        names = dict(bboxes=answer.boxes, scores=answer.scores, labels=answer.labels)
        width, height = self.test[number].size
        return dict(img_id=self.test[number].id, ori_shape=(height, width), pred_instances=names)

    def metrics(self, scores: list[dict[str, Any]]) -> dict[str, float]:
        """Percentages by the names of `rows`, by pycocotools."""
        from mmbarlow.detection.coco_metric import COCODetectionMetric

        metric = COCODetectionMetric(str(self.file), metric='bbox')
        metric.dataset_meta = dict(classes=self.classes, category_ids=list(self.category_ids))
        metric.process({}, scores)
        return metric.compute_metrics(metric.results)

    def by_class(self, scores: list[dict[str, Any]]) -> dict[str, float]:
        """Nothing: there are means over the classes alone."""
        return {}

    def is_empty(self, number: int) -> bool:
        """Whether a test image has no object."""
        return not len(self.test[number].labels)

    def draw_truth(self, axes: Axes, number: int) -> None:
        sample = self.test[number]
        _draw(axes, sample.boxes * torch.tensor([*sample.size] * 2), sample.labels, self.classes)

    def draw_answer(self, axes: Axes, answer: Detections, number: int) -> None:
        """The surest boxes, as many as there are objects."""
        count = max(1, len(self.test[number].labels))
        _draw(axes, answer.boxes[:count], answer.labels[:count], self.classes)


def _outside(crowds: Tensor, grid: int) -> Tensor:
    """1 for each place whose center is in none of the boxes, else 0, (g g,)."""
    centers = place_centers(grid)[:, None]
    inside = ((centers >= crowds[:, :2]) & (centers <= crowds[:, 2:])).all(2).any(1)
    return 1.0 - inside.float()


def _box_regressor(x: Tensor, y: Tensor, images: Tensor, seed: int) -> Pipeline:
    """Ridge regression of standardized features, its penalty the best on held-out images."""
    out = held_out(images, seed)
    losses = {}
    for penalty in PENALTIES if out.any() and not out.all() else ():
        model = _ridge(x[~out], y[~out], penalty)
        losses[penalty] = (
            (torch.from_numpy(model.predict(x[out].float().numpy())) - y[out])
            .square()
            .mean()
            .item()
        )
    best = min(losses, key=lambda p: losses[p]) if losses else PENALTIES[-1]
    return _ridge(x, y, best)


def _ridge(x: Tensor, y: Tensor, penalty: float) -> Pipeline:
    model = make_pipeline(StandardScaler(), Ridge(alpha=penalty * len(x)))
    return model.fit(x.float().numpy(), y.numpy())


def _draw(axes: Axes, boxes: Tensor, labels: Tensor, classes: tuple[str, ...]) -> None:
    for (left, top, right, bottom), label in zip(boxes.tolist(), labels.tolist(), strict=True):
        color, name = f'C{label % 10}', classes[label]
        place, width, height = (left, top), right - left, bottom - top
        axes.add_patch(Rectangle(place, width, height, fill=False, edgecolor=color, linewidth=1.2))
        label = dict(facecolor=color, edgecolor='none', pad=0.5)
        axes.text(left, top, name, fontsize=5, color='white', bbox=label, clip_on=True)
