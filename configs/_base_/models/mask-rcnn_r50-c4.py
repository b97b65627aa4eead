# faster-rcnn_r50-c4.py with a mask head on the features of res5, as in detectron2: a deconvolution to
# 14 x 14 and one convolution.
_base_ = 'faster-rcnn_r50-c4.py'

model = dict(
    type='mmdet.MaskRCNN',
    data_preprocessor=dict(pad_mask=True),
    roi_head=dict(
        mask_roi_extractor=None,
        mask_head=dict(
            type='mmbarlow.SmallStartMaskHead',
            num_convs=0,
            in_channels=2048,
            conv_out_channels=256,
            num_classes=80,
            loss_mask=dict(type='mmdet.CrossEntropyLoss', use_mask=True, loss_weight=1.0),
        ),
    ),
    train_cfg=dict(rcnn=dict(mask_size=14)),
    test_cfg=dict(rcnn=dict(mask_thr_binary=0.5)),
)
