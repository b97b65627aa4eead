"""Accuracy over all images and over classes of a classifier that is trained."""

from collections.abc import Sequence

import torch
from mmengine.evaluator import BaseMetric

from mmbarlow.evaluation.accuracy import both_accuracies
from mmbarlow.registry import METRICS


@METRICS.register_module()
class ClassAccuracy(BaseMetric):
    """`top1` and `top1_per_class` in percent, see `both_accuracies`.

    Args:
        classes: how many there are.
    """

    def __init__(self, classes: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.classes = classes

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        for sample in data_samples:
            self.results.append((int(sample['pred_label']), int(sample['gt_label'])))

    def compute_metrics(self, results: list[tuple[int, int]]) -> dict[str, float]:
        predicted, labels = torch.tensor(results).T
        return both_accuracies(predicted, labels, self.classes)
