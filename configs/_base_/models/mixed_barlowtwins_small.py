# The released code of Mixed Barlow Twins on images of 32 px: ResNet-18 with a 3x3 stem and no
# max-pooling, a projector 512-512-1024 whose embeddings have one norm. Both views are alike, neither
# blurred nor solarized, and their crops bilinear; the device that trains makes them.
view = dict(interpolation='bilinear', saturation=0.4)

model = dict(
    type='mmbarlow.MixedBarlowTwins',
    scale=4.0,
    data_preprocessor=dict(
        type='mmbarlow.BatchTwinViews',
        size=32,
        view_a=view,
        view_b=view,
        # 0.4914, 0.4822, 0.4465 and 0.2023, 0.1994, 0.2010, in pixels
        mean=[125.307, 122.961, 113.8575],
        std=[51.5865, 50.847, 51.255],
    ),
    backbone=dict(type='mmpretrain.ResNet_CIFAR', depth=18, zero_init_residual=False),
    neck=dict(type='mmbarlow.MixedBarlowTwinsNeck', hid_channels=512, out_channels=1024),
    head=dict(type='mmbarlow.CrossCorrelationHead', in_channels=1024, lambd=0.0078125),
)
del view
