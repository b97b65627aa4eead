"""Mask R-CNN with a feature pyramid on your own boxes and masks in COCO's format.

    python tools/benchmark.py CHECKPOINT --suite mask-rcnn-fpn_own --cfg-options data_root=FOLDER

All else is as in faster-rcnn-fpn_own.py. Each object needs a polygon or a run-length code.
"""

_base_ = [
    '../../_base_/models/mask-rcnn_r50-fpn.py',
    '../../_base_/datasets/own_detection.py',
    '../../_base_/schedules/own_detection.py',
    '../../_base_/detection_runtime.py',
]
