"""Linear classification on ImageNet, the protocol of the paper's table 1.

    python tools/benchmark.py CHECKPOINT --suite linear_imagenet

Paper, appendix B.1, and the official `evaluate.py`: a linear layer on the frozen average-pooled
features, 100 epochs of SGD with a batch of 256 over all processes (8 x 32 on 8 GPUs). Its learning
rate is 0.3; the official README of before June 2021 had 0.1. Needs data/imagenet/{train,val} and a
GPU for a day, or 8 for a few hours (estimated from 100 forward passes over 1.28 million images).
Not run here yet.
Expected: 73.2 / 91.0 after 1000 epochs of pretraining (paper), 73.5 / 91.0 (released weights),
71.4 / 90.2 after 300 (paper, section 4), 71.66 and 71.8 (MMSelfSup 0.x and 1.x).
The official code prints the best epoch on the validation images; `top1_best` is that number,
`top1` the last epoch's.
"""

_base_ = [
    '../../_base_/models/linear_resnet50.py',
    '../../_base_/datasets/imagenet_labeled.py',
    '../../_base_/default_runtime.py',
]

# Weight decay is for the weight and the bias alike, and no rate is scaled.
optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='SGD', lr=0.3, momentum=0.9, weight_decay=1e-6)
)
param_scheduler = dict(type='CosineAnnealingLR', eta_min=0)  # once an epoch
train_cfg = dict(by_epoch=True, max_epochs=100)
default_hooks = dict(checkpoint=dict(interval=1))
