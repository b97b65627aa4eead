"""FCN R50-d8 on PASCAL VOC 2012 with the masks of SBD, 20,000 iterations, as MMSelfSup fine-tunes it.

    python tools/benchmark.py CHECKPOINT --suite fcn_voc12aug --seeds 3
    tools/dist_train.sh configs/benchmarks/voc_segmentation/fcn_voc12aug.py 4 --cfg-options pretrained=CHECKPOINT

Expected: nothing is published for Barlow Twins. MMSelfSup has mIoU 67.6 for MoCo v2, 67.2 for BYOL and
64.0 for SimCLR after 200 epochs (docs/en/model_zoo.md of its branch 0.x). Needs `make .venv/full` and
data/VOCdevkit/VOC2012. Not run here yet in full.

16 images a step on any number of processes that divides it: both commands share them out, 4 x 4 on 4
GPUs. Other trainers take `train_dataloader.batch_size` for that of each process.
"""

_base_ = [
    '../../_base_/models/fcn_r50-d8.py',
    '../../_base_/datasets/voc12aug_segmentation.py',
    '../../_base_/schedules/poly_20k.py',
    '../../_base_/segmentation_runtime.py',
]

model = dict(
    data_preprocessor=dict(size=(512, 512)),
    decode_head=dict(num_classes=21),
    auxiliary_head=dict(num_classes=21),
)
