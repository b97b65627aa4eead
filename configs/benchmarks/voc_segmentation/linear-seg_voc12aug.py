"""A linear head on the frozen network on PASCAL VOC 2012 with the masks of SBD, 40,000 iterations.

    python tools/benchmark.py CHECKPOINT --suite linear-seg_voc12aug --seeds 3

Head and schedule are those of VICRegL's linear_r50_512x512_40k_voc12aug.py. Expected: nothing is
published for Barlow Twins; VICRegL's ResNet-50 has mIoU 55.9 (its README). Data and batch:
fcn_voc12aug.py. Not run here yet.
"""

_base_ = [
    '../../_base_/models/linear-segmentation_r50-d8.py',
    '../../_base_/datasets/voc12aug_segmentation.py',
    '../../_base_/schedules/poly_40k.py',
    '../../_base_/segmentation_runtime.py',
]

model = dict(data_preprocessor=dict(size=(512, 512)))
custom_hooks = [*_base_.custom_hooks, dict(type='mmbarlow.FrozenHook')]  # noqa: F821
