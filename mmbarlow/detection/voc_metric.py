"""Evaluation of boxes on VOC, as in papers on transfer learning."""

import math
from collections.abc import Sequence
from statistics import mean

import numpy as np
from mmdet.evaluation.functional.mean_ap import average_precision, get_cls_results, tpfp_default
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

    mmdet's own metric has the same parts. By default it gives AP50 alone, it rounds fractions to
    three digits, and it starts four processes for each threshold, which it never ends.
    """

    def compute_metrics(self, results: list) -> dict[str, float]:
        """AP, AP50 and AP75; NaN if the images have no object that counts."""
        annotations, detections = zip(*results, strict=True)
        assert self.dataset_meta
        aps: dict[str, dict[int, float]] = {}  # by class and threshold
        for label, name in enumerate(self.dataset_meta['classes']):
            parts = get_cls_results(detections, annotations, label)
            if any(map(len, parts[1])):
                aps[name] = {t: 100 * ap(*parts, t / 100) for t in THRESHOLDS}
        of_classes = (f'{name} {of_class[50]:.1f}' for name, of_class in aps.items())
        MMLogger.get_current_instance().info(f'AP50: {", ".join(of_classes)}')
        if not aps:
            return dict.fromkeys(('AP', 'AP50', 'AP75'), math.nan)
        means = {t: mean(of_class[t] for of_class in aps.values()) for t in THRESHOLDS}
        return dict(AP=mean(means.values()), AP50=means[50], AP75=means[75])


def ap(found: Arrays, objects: Arrays, difficult: Arrays, threshold: float) -> float:
    """The AP of one class, between 0 and 1.

    Args:
        found: the detections (n, 5) of each image, box and score.
        objects, difficult: the boxes (n, 4) of each image that count, and those that do not.
        threshold: IoU from which an object counts as found.
    """
    # The kit counts pixels, so that 0 to 9 are 10.
    marks = [
        tpfp_default(*image, threshold, use_legacy_coordinate=True)
        for image in zip(found, objects, difficult, strict=True)
    ]
    order = np.argsort(-np.concatenate(found)[:, 4], kind='stable')
    hits, misses = (np.hstack(part)[0, order].cumsum() for part in zip(*marks, strict=True))
    precision = hits / np.maximum(hits + misses, np.finfo(np.float32).eps)
    return float(average_precision(hits / sum(map(len, objects)), precision, '11points'))
