"""A linear classifier on each stage, ImageNet: Feature1 to Feature5 and AvgPool in one run.

    python tools/benchmark.py CHECKPOINT --suite multihead_imagenet

MMSelfSup 0.x's `resnet50_mhead_linear-8xb32-steplr-90e_in1k`, with its five heads; MMSelfSup 1.x
has four, without the stem's. A batch of 256 over all processes. Needs data/imagenet/{train,val}
and 8 GPUs for a few hours (estimated). Not run here yet.
Expected after 300 epochs of pretraining: 15.51, 33.98, 45.96, 61.90, 71.01 (MMSelfSup 0.x).
MMSelfSup's sixth number, AvgPool 71.66, is of a run of its own with lr 0.3 and a cosine: the one to
compare it with is `top1` of linear_imagenet. Here AvgPool is a sixth head with the settings of the
other five (and their BN), so that all six columns come from the same run.
"""

_base_ = [
    '../../_base_/models/multihead_resnet50.py',
    '../../_base_/datasets/imagenet_labeled.py',
    '../../_base_/default_runtime.py',
]

*before, pack = _base_.train_dataloader.dataset.pipeline
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            *before,
            dict(
                type='mmpretrain.torchvision/ColorJitter',
                brightness=0.4,
                contrast=0.4,
                saturation=0.4,
            ),
            # Floats, as in MMSelfSup: on uint8 Lighting would wrap around at 0 and 255.
            dict(type='mmpretrain.PILToNumpy', dtype='float32'),
            dict(
                type='mmpretrain.Lighting',
                # published for values from 0 to 1: 255 x 0.2175, 0.0188, 0.0045
                eigval=[55.4625, 4.794, 1.1475],
                # rows are R, G, B, as the image is here
                eigvec=[
                    [-0.5675, 0.7192, 0.4009],
                    [-0.5808, -0.0045, -0.8140],
                    [-0.5836, -0.6948, 0.4203],
                ],
                alphastd=0.1,
                to_rgb=False,
            ),
            pack,
        ],
    ),
)
del before, pack
val_evaluator = dict(_delete_=True, type='mmbarlow.MultiHeadAccuracy')
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=1e-4, nesterov=True),
)
# MMSelfSup's third step, at 90, comes after the last epoch.
param_scheduler = dict(type='MultiStepLR', milestones=[30, 60], gamma=0.1)
train_cfg = dict(by_epoch=True, max_epochs=90)
default_hooks = dict(checkpoint=dict(interval=1))
