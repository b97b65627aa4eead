"""Evaluation of boxes on VOC, as in papers on transfer learning."""

import math
from collections.abc import Sequence
from statistics import mean

import numpy as np
from mmdet.evaluation.functional.mean_ap import get_cls_results
from mmdet.evaluation.metrics import VOCMetric
from mmengine.logging import MMLogger

from mmbarlow.registry import METRICS

Arrays = Sequence[np.ndarray]  # one of each image
THRESHOLDS = range(50, 100, 5)  # IoU in percent


@METRICS.register_module()
class VOCDetectionMetric(VOCMetric):
    """AP, AP50 and AP75 in percent, by VOC 2007's 11-point rule, averaged as in detectron2.

    The AP of a class is the mean, over the recalls 0, 0.1, ..., 1, of the highest precision at
    that recall or above (VOC 2007 development kit, section 3.4.1). docs/detection.md says over what
    the three numbers are means. Difficult objects do not count, neither as missed nor, if they are
    found, as false detections. Classes that the test images do not have are left out.

    mmdet's own metric gives AP50 alone by default, rounds fractions to three digits, computes
    recalls in float32, so that 3 of 10 objects count as 0.3 and 7 of 10 do not as 0.7, and starts
    four processes for each threshold, which it never ends.

    Args:
        last_pixel: whether the corners of boxes are their first and last pixels, as in the files of
            VOC and in mmdet, so that 0 to 9 are 10 pixels. `LoadVOCAnnotations` makes them 0 to 10.
    """

    def __init__(self, last_pixel: bool = True, **kwargs) -> None:
        super().__init__(**kwargs)
        self.last_pixel = last_pixel

    def compute_metrics(self, results: list) -> dict[str, float]:
        """AP, AP50 and AP75; NaN if the images have no object that counts."""
        annotations, detections = zip(*results, strict=True)
        assert self.dataset_meta
        aps: dict[str, dict[int, float]] = {}  # by class and threshold
        for label, name in enumerate(self.dataset_meta['classes']):
            parts = get_cls_results(detections, annotations, label)
            if any(map(len, parts[1])):
                aps[name] = {t: 100 * ap(*parts, t / 100, self.last_pixel) for t in THRESHOLDS}
        of_classes = (f'{name} {of_class[50]:.1f}' for name, of_class in aps.items())
        MMLogger.get_current_instance().info(f'AP50: {", ".join(of_classes)}')
        if not aps:
            return dict.fromkeys(('AP', 'AP50', 'AP75'), math.nan)
        means = {t: mean(of_class[t] for of_class in aps.values()) for t in THRESHOLDS}
        return dict(AP=mean(means.values()), AP50=means[50], AP75=means[75])


def ap(
    found: Arrays, objects: Arrays, difficult: Arrays, threshold: float, last_pixel: bool = True
) -> float:
    """The AP of one class, between 0 and 1, in float64 throughout.

    Args:
        found: the detections (n, 5) of each image, box and score.
        objects, difficult: the boxes (n, 4) of each image that count, and those that do not.
        threshold: IoU from which an object counts as found.
        last_pixel: see `VOCDetectionMetric`.
    """
    marks = [
        _mark(*image, threshold, int(last_pixel))
        for image in zip(found, objects, difficult, strict=True)
    ]
    order = np.argsort(-np.concatenate(found)[:, 4], kind='stable')
    hits, misses = (np.concatenate(part)[order].cumsum() for part in zip(*marks, strict=True))
    precision = hits / np.maximum(hits + misses, np.finfo(np.float64).eps)
    recall = hits / sum(map(len, objects))
    points = np.arange(0.0, 1.1, 0.1)  # detectron2's: 0.3 and 0.7 are a rounding error above
    return sum(max(precision[recall >= t], default=0.0) for t in points) / 11


def _mark(
    found: np.ndarray, objects: np.ndarray, difficult: np.ndarray, threshold: float, extra: int
) -> tuple[np.ndarray, np.ndarray]:
    """1 for each detection of an image that is a hit, and for each that is false; (n,) each."""
    hits, misses = np.zeros(len(found)), np.zeros(len(found))
    boxes, counted = np.vstack([objects, difficult]), len(objects)
    if not len(boxes):
        return hits, misses + 1
    iou = _iou(found[:, None, :4].astype(float), boxes[None].astype(float), extra)
    taken = set()
    for i in np.argsort(-found[:, 4], kind='stable'):
        nearest = int(iou[i].argmax())
        if iou[i, nearest] < threshold or nearest in taken:
            misses[i] = 1
        elif nearest < counted:
            hits[i] = 1
            taken.add(nearest)
    return hits, misses


def _iou(a: np.ndarray, b: np.ndarray, extra: int) -> np.ndarray:
    """IoU of boxes (..., 4), `extra` pixels wider and higher than the corners say."""
    sizes = [box[..., 2:] - box[..., :2] + extra for box in (a, b)]
    corners = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    common = np.clip(corners + extra, 0, None).prod(-1)
    union = sizes[0].prod(-1) + sizes[1].prod(-1) - common
    return common / np.maximum(union, np.finfo(np.float64).tiny)
