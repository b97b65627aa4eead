"""Mask R-CNN R50-C4 on COCO, 1x, with the settings of the paper's table 4.

    python tools/benchmark.py CHECKPOINT --suite mask-rcnn-c4_coco
    tools/dist_train.sh configs/benchmarks/coco_detection/mask-rcnn-c4_coco.py 8 --cfg-options pretrained=CHECKPOINT

Expected: boxes AP 39.2, AP50 59.0, AP75 42.5, masks 34.3, 56.0, 36.5 after 1000 epochs of pretraining
(paper, table 4). Rate 0.03, all else as 1x (section C.2); MoCo's 0.02 is in mask-rcnn-c4-moco_coco.py.
Needs `make .venv/full` and data/coco/{train2017,val2017,annotations}. About 16 hours on 8 GPUs
(estimated). Not run here yet.

16 images a step on any number of processes that divides it: both commands share them out, 8 x 2 on 8
GPUs. Other trainers take `train_dataloader.batch_size` for that of each process.
"""

_base_ = [
    '../../_base_/models/mask-rcnn_r50-c4.py',
    '../../_base_/datasets/coco_detection.py',
    '../../_base_/schedules/coco_1x.py',
    '../../_base_/detection_runtime.py',
]

optim_wrapper = dict(optimizer=dict(lr=0.03))
