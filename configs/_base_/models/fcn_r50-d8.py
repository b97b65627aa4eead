# FCN on a dilated ResNet-50 as MMSelfSup fine-tunes it: the plain ResNet with its 7x7 stem, where
# mmseg has three 3x3 convolutions, which no self-supervised network here has. BN learns everywhere,
# over all processes by the runner's `sync_bn`; RGB, normalized as in the pretraining.
_base_ = 'mmseg::_base_/models/fcn_r50-d8.py'

norm_cfg = dict(type='BN', requires_grad=True)
model = dict(
    pretrained=None,
    backbone=dict(type='ResNet', norm_cfg=norm_cfg),
    decode_head=dict(norm_cfg=norm_cfg),
    auxiliary_head=dict(norm_cfg=norm_cfg),
)
