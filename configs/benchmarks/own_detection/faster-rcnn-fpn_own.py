"""Faster R-CNN with a feature pyramid on your own boxes in COCO's format.

    python tools/benchmark.py CHECKPOINT --suite faster-rcnn-fpn_own --cfg-options data_root=FOLDER

The annotations, classes, sizes of the heads and length of the training come from the files in FOLDER,
and depth and width from the pretrained ResNet: docs/own_detection.md, which also says how long it takes
and what was run. Needs `make .venv/full`.
"""

_base_ = [
    '../../_base_/models/faster-rcnn_r50-fpn.py',
    '../../_base_/datasets/own_detection.py',
    '../../_base_/schedules/own_detection.py',
    '../../_base_/detection_runtime.py',
]
