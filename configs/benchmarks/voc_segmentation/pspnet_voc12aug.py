"""PSPNet R50-d8 on PASCAL VOC 2012 with the masks of SBD, 20,000 iterations.

    python tools/benchmark.py CHECKPOINT --suite pspnet_voc12aug --seeds 3

Data, batch and schedule: fcn_voc12aug.py. Expected: nothing is published for Barlow Twins; mmseg has
mIoU 76.8 for its supervised ResNetV1c-50 with the same schedule. Not run here yet.
"""

_base_ = [
    '../../_base_/models/pspnet_r50-d8.py',
    '../../_base_/datasets/voc12aug_segmentation.py',
    '../../_base_/schedules/poly_20k.py',
    '../../_base_/segmentation_runtime.py',
]

model = dict(
    data_preprocessor=dict(size=(512, 512)),
    decode_head=dict(num_classes=21),
    auxiliary_head=dict(num_classes=21),
)
