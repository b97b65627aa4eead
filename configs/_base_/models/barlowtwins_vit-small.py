# ViT-S/16 with the projector of the paper. Why each value: docs/vit.md.
model = dict(
    type='mmbarlow.BarlowTwins',
    # mean and std of ImageNet; the views are RGB already
    data_preprocessor=dict(
        type='mmpretrain.SelfSupDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        non_blocking=True,
    ),
    backbone=dict(
        type='mmpretrain.VisionTransformer',
        arch='deit-small',
        img_size=224,
        patch_size=16,
        out_type='cls_token',
    ),
    neck=dict(
        type='mmbarlow.BarlowTwinsNeck', in_channels=384, hid_channels=8192, out_channels=8192
    ),
    head=dict(type='mmbarlow.CrossCorrelationHead', in_channels=8192, lambd=0.0051),
)
