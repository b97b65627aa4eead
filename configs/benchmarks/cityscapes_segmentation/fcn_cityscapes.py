"""FCN R50-d8 on Cityscapes, crops of 769 x 769, 40,000 iterations, as MMSelfSup fine-tunes it.

    python tools/benchmark.py CHECKPOINT --suite fcn_cityscapes --seeds 3
    tools/dist_train.sh configs/benchmarks/cityscapes_segmentation/fcn_cityscapes.py 4 --cfg-options pretrained=CHECKPOINT

Expected: MMSelfSup has this config and no numbers; mmseg has mIoU 71.5 for its supervised ResNetV1c-50
with the same schedule. Needs `make .venv/full` and data/cityscapes with the masks of mmseg's
tools/dataset_converters/cityscapes.py. Not run here yet. 8 images a step, 4 x 2 on 4 GPUs.
"""

_base_ = [
    '../../_base_/models/fcn_r50-d8.py',
    '../../_base_/datasets/cityscapes_segmentation.py',
    '../../_base_/schedules/poly_40k.py',
    '../../_base_/segmentation_runtime.py',
]

model = dict(
    data_preprocessor=dict(size=(769, 769)),
    decode_head=dict(align_corners=True),
    auxiliary_head=dict(align_corners=True),
    test_cfg=dict(mode='slide', crop_size=(769, 769), stride=(513, 513)),
)
