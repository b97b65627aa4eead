"""Faster R-CNN R50-C4 on PASCAL VOC 2007 and 2012, with MoCo's settings, which MMSelfSup has as well.

    python tools/benchmark.py CHECKPOINT --suite faster-rcnn-c4-moco_voc0712 --seeds 5

Rate 0.02, reached from a thousandth of it in 100 iterations (MoCo's pascal_voc_R_50_C4_24k_moco.yaml
and detectron2's defaults); the paper's are in faster-rcnn-c4_voc0712.py, which says all else. There
is no published number for Barlow Twins with these. Not run here yet.
"""

_base_ = 'faster-rcnn-c4_voc0712.py'
optim_wrapper = dict(optimizer=dict(lr=0.02))
param_scheduler = [
    dict(_base_.param_scheduler[0], start_factor=0.001, end=101),  # noqa: F821
    _base_.param_scheduler[1],  # noqa: F821
]
