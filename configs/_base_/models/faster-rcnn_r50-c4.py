# Faster R-CNN R50-C4 as MoCo and the paper fine-tune it: res5 is the head of each RoI, with an extra
# norm after it; nothing is frozen, and BN learns everywhere, over all processes by the runner's
# `sync_bn`; strides in the 3x3 convolutions; RGB, normalized as in the pretraining. mmdet's base has
# the anchors and numbers of detectron2: 12000 proposals before and 2000 after NMS in training, 6000
# and 1000 in testing. As in detectron2, too, and not in mmdet: each object has its best anchor, images
# are padded to no divisor, and anchors on what pads an image to the size of the batch are background.
_base_ = 'mmdet::_base_/models/faster-rcnn_r50-caffe-c4.py'

# Of the weights that mmdet would download, pretrained ones in the backbone and none in res5, nothing
# is left: mmbarlow.PretrainedHook loads both.
norm_cfg = dict(type='BN', requires_grad=True)
model = dict(
    data_preprocessor=dict(
        type='mmbarlow.WholeBatchPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_size_divisor=1,
    ),
    backbone=dict(
        frozen_stages=-1, norm_cfg=norm_cfg, norm_eval=False, style='pytorch', init_cfg=None
    ),
    roi_head=dict(
        shared_head=dict(
            type='mmbarlow.ResLayerExtraNorm',
            norm_cfg=norm_cfg,
            norm_eval=False,
            style='pytorch',
            init_cfg=None,
        )
    ),
    train_cfg=dict(
        rpn=dict(
            assigner=dict(
                _delete_=True,
                type='mmbarlow.BestAnchorAssigner',
                pos_iou_thr=0.7,
                neg_iou_thr=0.3,
            )
        )
    ),
)
