"""Mask R-CNN R50-C4 on COCO, 1x, with MoCo's settings, which MMSelfSup has as well.

    python tools/benchmark.py CHECKPOINT --suite mask-rcnn-c4-moco_coco

Rate 0.02; the paper's is in mask-rcnn-c4_coco.py, which says all else. There is no published number
for Barlow Twins with these. Not run here yet.
"""

_base_ = 'mask-rcnn-c4_coco.py'
optim_wrapper = dict(optimizer=dict(lr=0.02))
