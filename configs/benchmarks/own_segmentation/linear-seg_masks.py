"""A linear head on the frozen network on your own images and masks.

    python tools/benchmark.py CHECKPOINT --suite linear-seg_masks --cfg-options data_root=FOLDER

It says what the features know without fine-tuning. All else: fcn_masks.py.
"""

_base_ = [
    '../../_base_/models/linear-segmentation_r50-d8.py',
    '../../_base_/datasets/mask_folder.py',
    '../../_base_/schedules/poly_by_data.py',
    '../../_base_/segmentation_runtime.py',
]

model = dict(data_preprocessor=dict(size=(512, 512)), decode_head=dict(num_classes=None))
custom_hooks = [*_base_.custom_hooks, dict(type='mmbarlow.FrozenHook')]  # noqa: F821
