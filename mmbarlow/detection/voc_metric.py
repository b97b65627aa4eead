"""Boxes on VOC, judged as the papers on transfer judge them."""

from mmdet.evaluation.functional import eval_map
from mmdet.evaluation.metrics import VOCMetric
from mmengine.logging import MMLogger

from mmbarlow.registry import METRICS

THRESHOLDS = range(50, 100, 5)  # IoU in percent


@METRICS.register_module()
class VOCDetectionMetric(VOCMetric):
    """AP, AP50 and AP75 in percent: VOC 2007's 11-point rule, as detectron2 averages it.

    The AP of a class is the mean, over the recalls 0, 0.1, ..., 1, of the highest precision at
    that recall or above (VOC 2007 development kit, section 3.4.1). AP50 and AP75 are means over
    the classes that the test images have, AP over these and the IoU thresholds 0.50 to 0.95 in
    steps of 0.05 (detectron2's `PascalVOCDetectionEvaluator`). Difficult objects do not count,
    neither as missed nor, where one is found, as a false detection.

    mmdet's own metric gives AP50 alone unless it is told more, and fractions of three digits.
    """

    def compute_metrics(self, results: list) -> dict[str, float]:
        annotations, detections = zip(*results, strict=True)
        logger = MMLogger.get_current_instance()
        aps = {}
        for threshold in THRESHOLDS:
            mean, _ = eval_map(
                detections,
                annotations,
                iou_thr=threshold / 100,
                dataset=self.dataset_meta['classes'],
                logger=logger if threshold == 50 else 'silent',  # one table of the classes will do
                use_legacy_coordinate=True,  # the kit counts pixels: from 0 to 9 are 10
                eval_mode='11points',
            )
            aps[threshold] = 100 * mean
        return dict(AP=sum(aps.values()) / len(aps), AP50=aps[50], AP75=aps[75])
