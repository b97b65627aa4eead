"""PSPNet R50-d8 on Cityscapes, crops of 769 x 769, 40,000 iterations.

    python tools/benchmark.py CHECKPOINT --suite pspnet_cityscapes --seeds 3
    tools/dist_train.sh configs/benchmarks/cityscapes_segmentation/pspnet_cityscapes.py 4 --cfg-options pretrained=CHECKPOINT

Expected: nothing is published for Barlow Twins; mmseg has mIoU 78.3 for its supervised ResNetV1c-50
with the same schedule. Needs `make .venv/full` and data/cityscapes with the masks of mmseg's
tools/dataset_converters/cityscapes.py. Not run here yet. 8 images a step, 4 x 2 on 4 GPUs.
"""

_base_ = [
    '../../_base_/models/pspnet_r50-d8.py',
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
