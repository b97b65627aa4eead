# What downstream classification trains: a ResNet-50 and one linear layer on its average-pooled
# features, as in the official `evaluate.py`. tools/benchmark.py puts the evaluated network in the
# backbone's place, with its normalization, and gives the head its width.
model = dict(
    type='mmpretrain.ImageClassifier',
    # mean and std of ImageNet; the images are RGB already
    data_preprocessor=dict(
        type='mmpretrain.ClsDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
    ),
    backbone=dict(type='mmpretrain.ResNet', depth=50),
    neck=dict(type='mmbarlow.Pooling'),
    head=dict(
        type='mmpretrain.LinearClsHead',
        num_classes=1000,
        in_channels=2048,
        loss=dict(type='mmpretrain.CrossEntropyLoss', loss_weight=1.0),
        init_cfg=dict(type='Normal', layer='Linear', std=0.01),  # biases 0
    ),
)
