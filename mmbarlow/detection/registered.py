"""The names that detection configs use, such as `mmbarlow.ResLayerExtraNorm`.

This module is not among the `locations` of mmbarlow/registry.py, because MMEngine imports all of
them when it looks up any `mmbarlow.` name, and pretraining must neither need mmdet and mmcv's
compiled operators nor wait for their import. Detection configs list it in `custom_imports` instead.
"""

from mmbarlow.detection.coco_metric import COCODetectionMetric as COCODetectionMetric
from mmbarlow.detection.keep_difficult import KeepDifficult as KeepDifficult
from mmbarlow.detection.pictures_hook import DetectionPicturesHook as DetectionPicturesHook
from mmbarlow.detection.pretrained_hook import PretrainedHook as PretrainedHook
from mmbarlow.detection.res_layer import ResLayerExtraNorm as ResLayerExtraNorm
from mmbarlow.detection.voc_metric import VOCDetectionMetric as VOCDetectionMetric
