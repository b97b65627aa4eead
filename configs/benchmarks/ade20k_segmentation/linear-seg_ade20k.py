"""A linear head on the frozen network on ADE20K, 150 classes, 40,000 iterations.

    python tools/benchmark.py CHECKPOINT --suite linear-seg_ade20k --seeds 3

Head and schedule as linear-seg_voc12aug.py. Nothing is published for Barlow Twins or another frozen
ResNet-50 with these settings. Needs `make .venv/full` and data/ade/ADEChallengeData2016. Not run here
yet.
"""

_base_ = [
    '../../_base_/models/linear-segmentation_r50-d8.py',
    '../../_base_/datasets/ade20k_segmentation.py',
    '../../_base_/schedules/poly_40k.py',
    '../../_base_/segmentation_runtime.py',
]

model = dict(data_preprocessor=dict(size=(512, 512)), decode_head=dict(num_classes=150))
custom_hooks = [*_base_.custom_hooks, dict(type='mmbarlow.FrozenHook')]  # noqa: F821
