"""Evaluation of boxes and masks on COCO by pycocotools."""

import io
import math
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import mmengine
from mmdet.datasets.api_wrappers import COCO
from mmdet.evaluation.metrics import CocoMetric
from mmengine.logging import MMLogger
from pycocotools.cocoeval import COCOeval

from mmbarlow.detection.coco_file import MendedCOCO
from mmbarlow.errors import InputError
from mmbarlow.registry import METRICS

PREFIXES = dict(bbox='', segm='mask_')


@METRICS.register_module()
class COCODetectionMetric(CocoMetric):
    """AP, AP50 and AP75 of the boxes and mask_AP, mask_AP50 and mask_AP75, in percent.

    These are pycocotools' own numbers, all for up to 100 detections per image. mmdet's metric
    rounds them to three digits and takes up to 1000 detections for AP50 and AP75. Images that were
    not tested do not count as missed, so a part of the data can be evaluated.

    Args:
        ann_file: the annotations of the test images, in COCO's format.
        data_root: the folder that `ann_file` is relative to.
        metric: 'bbox', 'segm' or both.
    """

    def __init__(
        self, ann_file: str, data_root: str = '', metric: Sequence[str] = ('bbox', 'segm')
    ) -> None:
        metrics = [metric] if isinstance(metric, str) else list(metric)
        super().__init__(metric=metrics)
        self._coco_api = MendedCOCO(str(Path(data_root, ann_file)))

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Raises InputError if masks are to be evaluated and the detector predicts none."""
        if 'segm' in self.metrics and any('masks' not in s['pred_instances'] for s in data_samples):
            raise InputError("the detector predicts no masks: set val_evaluator.metric to 'bbox'.")
        super().process(data_batch, data_samples)

    def compute_metrics(self, results: list) -> dict[str, float]:
        predictions = [prediction for _, prediction in results]
        api: Any = self._coco_api
        assert self.dataset_meta
        names, ids = self.dataset_meta['classes'], self.dataset_meta.get('category_ids')
        self.cat_ids = ids or COCO.get_cat_ids(api, cat_names=names)  # else mmdet's, in file order
        images = [prediction['img_id'] for prediction in predictions]
        with tempfile.TemporaryDirectory() as folder:
            files = self.results2json(predictions, f'{folder}/results')
            return {
                PREFIXES[kind] + name: value
                for kind in self.metrics
                for name, value in self._evaluate(kind, mmengine.load(files[kind]), images).items()
            }

    def _evaluate(self, kind: str, found: list[dict], images: list[int]) -> dict[str, float]:
        """pycocotools' numbers, in percent, for results in its format; NaN without any object."""
        if not found:  # pycocotools rejects an empty list
            return dict(AP=0.0, AP50=0.0, AP75=0.0)
        if kind == 'segm':
            for one in found:
                del one['bbox']  # otherwise its area would be taken for the area of the mask
        with redirect_stdout(io.StringIO()) as printed:
            api: Any = self._coco_api
            evaluation = COCOeval(api, api.loadRes(found), kind)  # pyright: ignore[reportArgumentType]
            evaluation.params.imgIds, evaluation.params.catIds = images, self.cat_ids
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
        MMLogger.get_current_instance().info(f'{kind}:\n{printed.getvalue()}')
        values = [100 * x if x >= 0 else math.nan for x in evaluation.stats[:3].tolist()]
        return dict(zip(('AP', 'AP50', 'AP75'), values, strict=True))
