# BN and a 1x1 convolution on res5 of the frozen, dilated network, as VICRegL's
# linear_r50_512x512_40k_voc12aug.py has it: dropout 0.1, no second head. Nothing of the network
# moves: its BN uses the statistics of the pretraining.
_base_ = 'fcn_r50-d8.py'

model = dict(
    backbone=dict(frozen_stages=4, norm_eval=True),
    decode_head=dict(
        _delete_=True,
        type='mmbarlow.LinearSegmentationHead',
        in_channels=2048,
        in_index=3,
        dropout_ratio=0.1,
        num_classes=21,
        norm_cfg=dict(type='BN'),
        align_corners=False,
        loss_decode=dict(type='mmseg.CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0),
    ),
    auxiliary_head=None,
)
