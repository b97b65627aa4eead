# Faster R-CNN R50-FPN as self-supervised networks are fine-tuned: mask-rcnn_r50-fpn.py without masks.
_base_ = 'mmdet::_base_/models/faster-rcnn_r50_fpn.py'

norm_cfg = dict(type='BN', requires_grad=True)
model = dict(
    backbone=dict(frozen_stages=-1, norm_cfg=norm_cfg, norm_eval=False, init_cfg=None),
    neck=dict(norm_cfg=norm_cfg),
    roi_head=dict(bbox_head=dict(type='mmdet.Shared4Conv1FCBBoxHead', norm_cfg=norm_cfg)),
)
del norm_cfg
