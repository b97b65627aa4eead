"""FCN R50-d8 on your own images and masks: the number of classes and the length come from the data.

    python tools/benchmark.py CHECKPOINT --suite fcn_masks --cfg-options data_root=FOLDER
    python tools/train.py configs/benchmarks/own_segmentation/fcn_masks.py --cfg-options data_root=FOLDER pretrained=CHECKPOINT

FOLDER has images/, masks/ and classes.txt (docs/segmentation.md#your-own-masks). The number to expect
depends on the data. Needs `make .venv/full`. 16 images a step on any number of processes that divides
it.
"""

_base_ = [
    '../../_base_/models/fcn_r50-d8.py',
    '../../_base_/datasets/mask_folder.py',
    '../../_base_/schedules/poly_by_data.py',
    '../../_base_/segmentation_runtime.py',
]

model = dict(
    data_preprocessor=dict(size=(512, 512)),
    decode_head=dict(num_classes=None),
    auxiliary_head=dict(num_classes=None),
)
