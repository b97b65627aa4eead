# The architecture of the paper (section 2.2): ResNet-50, and a projector of three layers of 8192.
model = dict(
    type='mmbarlow.BarlowTwins',
    channels_last=True,  # as a GPU's half-precision convolutions read images
    # mean and std of ImageNet; the views are RGB already
    data_preprocessor=dict(
        type='mmpretrain.SelfSupDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        non_blocking=True,
    ),
    backbone=dict(type='mmpretrain.ResNet', depth=50, zero_init_residual=True),
    neck=dict(type='mmbarlow.BarlowTwinsNeck', hid_channels=8192, out_channels=8192),
    head=dict(type='mmbarlow.CrossCorrelationHead', in_channels=8192, lambd=0.0051),
)
