# For images of 32 px: ResNet-18 with a 3x3 stem and no max-pooling, and a projector of 2048.
model = dict(
    type='mmbarlow.BarlowTwins',
    # mean and std of ImageNet; the views are RGB already
    data_preprocessor=dict(
        type='mmpretrain.SelfSupDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        non_blocking=True,
    ),
    backbone=dict(type='mmpretrain.ResNet_CIFAR', depth=18, zero_init_residual=False),
    neck=dict(type='mmbarlow.BarlowTwinsNeck', hid_channels=2048, out_channels=2048, num_layers=2),
    head=dict(type='mmbarlow.CrossCorrelationHead', in_channels=2048, lambd=0.005),
)
