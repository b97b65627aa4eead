"""Mask R-CNN R50-FPN on COCO, 1x, with SyncBN everywhere: what most people fine-tune today.

    python tools/benchmark.py CHECKPOINT --suite mask-rcnn-fpn_coco
    tools/dist_train.sh configs/benchmarks/coco_detection/mask-rcnn-fpn_coco.py 8 --cfg-options pretrained=CHECKPOINT

Rate 0.02 for 16 images, shorter sides 640 to 800, as in MMSelfSup. There is no published number for
Barlow Twins. Half the time of C4: 8 hours on 8 GPUs (estimated). Not run here yet. Data, and how the
images are shared out: mask-rcnn-c4_coco.py.
"""

_base_ = [
    '../../_base_/models/mask-rcnn_r50-fpn.py',
    '../../_base_/datasets/coco_detection.py',
    '../../_base_/schedules/coco_1x.py',
    '../../_base_/detection_runtime.py',
]
