"""Faster R-CNN R50-C4 on PASCAL VOC 2007 and 2012, with the settings of the paper's table 4.

    python tools/benchmark.py CHECKPOINT --suite faster-rcnn-c4_voc0712 --seeds 5
    tools/dist_train.sh configs/benchmarks/voc_detection/faster-rcnn-c4_voc0712.py 8 --cfg-options pretrained=CHECKPOINT

Expected: AP 56.8, AP50 82.6, AP75 63.4 after 1000 epochs of pretraining (paper, table 4; settings:
section C.2), with the 11-point rule. It does not say of how many trials; MoCo reports the mean of
five, with deviations of 0.2 (AP, AP50) and 0.4 (AP75). Rate 0.1 and warm-up from 0.0333 in 1,000
iterations; MoCo's are in faster-rcnn-c4-moco_voc0712.py.
Needs `make .venv/full` and data/voc/VOCdevkit/{VOC2007,VOC2012}. About 4 hours on 8 GPUs (estimated).
Not run here yet.

16 images a step on any number of processes that divides it: both commands share them out, 8 x 2 on 8
GPUs. Other trainers take `train_dataloader.batch_size` for that of each process.
"""

_base_ = [
    '../../_base_/models/faster-rcnn_r50-c4.py',
    '../../_base_/datasets/voc0712_detection.py',
    '../../_base_/schedules/voc0712_24k.py',
    '../../_base_/detection_runtime.py',
]

model = dict(roi_head=dict(bbox_head=dict(num_classes=20)))
