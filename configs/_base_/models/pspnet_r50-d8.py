# PSPNet, with the same changes to mmseg's as FCN in fcn_r50-d8.py.
_base_ = 'mmseg::_base_/models/pspnet_r50-d8.py'

norm_cfg = dict(type='BN', requires_grad=True)
model = dict(
    pretrained=None,
    backbone=dict(type='ResNet', norm_cfg=norm_cfg),
    decode_head=dict(norm_cfg=norm_cfg),
    auxiliary_head=dict(norm_cfg=norm_cfg),
)
