"""Top-1 of several classifiers at once."""

from collections.abc import Sequence

from mmengine.evaluator import BaseMetric

from mmbarlow.registry import METRICS


@METRICS.register_module()
class MultiHeadAccuracy(BaseMetric):
    """Top-1 in percent of each head of `mmbarlow.MultiLinearHead`: `feature1`, ..., `avgpool`.

    Args:
        names: other names for the metrics, by head, such as `dict(feature5='top1')`.
    """

    def __init__(self, names: dict[str, str] | None = None, **kwargs) -> None:
        super().__init__(**kwargs)
        self.names = names or {}

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        for sample in data_samples:
            truth = int(sample['gt_label'])
            self.results.append({k: label == truth for k, label in sample['head_labels'].items()})

    def compute_metrics(self, results: list[dict[str, bool]]) -> dict[str, float]:
        return {
            self.names.get(k, k): 100 * sum(hits[k] for hits in results) / len(results)
            for k in results[0]
        }
