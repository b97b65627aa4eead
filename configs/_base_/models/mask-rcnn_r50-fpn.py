# Mask R-CNN R50-FPN as self-supervised networks are fine-tuned (MMSelfSup, detectron2's
# mask_rcnn_R_50_FPN_3x_syncbn.yaml): nothing frozen, and BN in the backbone, the FPN, the box head
# (four convolutions and one linear layer) and the mask head, over all processes by the runner's
# `sync_bn`.
_base_ = 'mmdet::_base_/models/mask-rcnn_r50_fpn.py'

norm_cfg = dict(type='BN', requires_grad=True)
model = dict(
    backbone=dict(frozen_stages=-1, norm_cfg=norm_cfg, norm_eval=False, init_cfg=None),
    neck=dict(norm_cfg=norm_cfg),
    roi_head=dict(
        bbox_head=dict(type='mmdet.Shared4Conv1FCBBoxHead', norm_cfg=norm_cfg),
        mask_head=dict(norm_cfg=norm_cfg),
    ),
)
del norm_cfg
